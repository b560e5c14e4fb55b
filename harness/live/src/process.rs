//! A running process that we may read: its identity, what `/proc` tells of it, and its memory as a source.

use std::fs::{self, File};
use std::io;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use bloathound_memory::{Address, MemorySource, ReadError, ReadPiece, Region, check_machine};
use nix::errno::Errno;
use nix::unistd::Pid;

use crate::access::NoAccess;
use crate::copy;
use crate::error::LiveError;
use crate::files;
use crate::maps::{Mapping, parse_maps, parse_smaps};
use crate::pagemap;
use crate::procfs::{ProcessStatus, TaskStat, parse_stat, parse_status};
use crate::threads::{self, CpuTime, Thread, ThreadState};
use bloathound_memory::{PageRun, PageState};

/// `PF_KTHREAD` of the kernel's `sched.h`.
const KERNEL_THREAD_FLAG: u64 = 0x0020_0000;

/// What tells one process from another that gets the same id later.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Identity {
    /// Process id.
    pub pid: u32,
    /// When it started, clock ticks since boot.
    pub start_ticks: u64,
}

/// A running process that we may read.
#[derive(Debug)]
pub struct Process {
    identity: Identity,
    directory: PathBuf,
    executable: String,
    status: ProcessStatus,
    regions: Vec<Region>,
}

impl Process {
    /// Finds the process and makes sure that it can be read: it lives, it is a 64-bit x86 process, and we are allowed.
    ///
    /// # Errors
    /// [`LiveError`] says which of these is not so.
    pub fn open(pid: u32) -> Result<Self, LiveError> {
        let directory = PathBuf::from(format!("/proc/{pid}"));
        let stat = read_stat(&directory, pid)?;
        if stat.flags & KERNEL_THREAD_FLAG != 0 {
            return Err(LiveError::KernelThread { pid });
        }
        let status = parse_status(&read_text(&directory.join("status"), pid)?);
        let mut process = Self {
            identity: Identity { pid, start_ticks: stat.start_ticks },
            directory,
            executable: String::new(),
            status,
            regions: Vec::new(),
        };
        // Opening `mem` asks for the right to attach, as reading memory does, and reads nothing.
        File::open(process.directory.join("mem")).map_err(|error| process.refused("mem", error))?;
        process.executable = process.read_executable()?;
        process.check_executable()?;
        process.refresh()?;
        if process.regions.is_empty() {
            return Err(LiveError::Zombie { pid });
        }
        process.try_reading()?;
        Ok(process)
    }

    /// Process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.identity.pid
    }

    /// Process id and start time.
    #[must_use]
    pub fn identity(&self) -> Identity {
        self.identity
    }

    /// Path of the executable as the target sees it, without a ` (deleted)` suffix.
    #[must_use]
    pub fn executable(&self) -> &str {
        &self.executable
    }

    /// Effective user id when it was opened.
    #[must_use]
    pub fn uid(&self) -> Option<u32> {
        self.status.effective_uid
    }

    /// `/proc/PID`.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    pub(crate) fn nix_pid(&self) -> Pid {
        Pid::from_raw(self.identity.pid.cast_signed())
    }

    /// Makes sure that the process still lives and is still the same one.
    ///
    /// # Errors
    /// [`LiveError::Gone`], [`LiveError::Reused`] or [`LiveError::Zombie`].
    pub fn check_alive(&self) -> Result<(), LiveError> {
        let stat = read_stat(&self.directory, self.pid())?;
        if stat.start_ticks == self.identity.start_ticks { Ok(()) } else { Err(LiveError::Reused { pid: self.pid() }) }
    }

    /// Reads the mappings anew; [`MemorySource::regions`] gives them from then on.
    ///
    /// # Errors
    /// As [`Process::maps`].
    pub fn refresh(&mut self) -> Result<(), LiveError> {
        self.regions = self.maps()?;
        Ok(())
    }

    /// The mappings as they are now.
    ///
    /// # Errors
    /// When the process has gone or may not be read.
    pub fn maps(&self) -> Result<Vec<Region>, LiveError> {
        self.read_proc("maps").map(|text| parse_maps(&text))
    }

    /// The mappings with their resident bytes. The kernel walks every page for it: 5 ms for 150 MB.
    ///
    /// # Errors
    /// When the process has gone or may not be read.
    pub fn smaps(&self) -> Result<Vec<Mapping>, LiveError> {
        self.read_proc("smaps").map(|text| parse_smaps(&text))
    }

    /// `status` as it is now.
    ///
    /// # Errors
    /// When the process has gone.
    pub fn status(&self) -> Result<ProcessStatus, LiveError> {
        self.read_proc("status").map(|text| parse_status(&text))
    }

    /// `stat` as it is now.
    ///
    /// # Errors
    /// When the process has gone.
    pub fn stat(&self) -> Result<TaskStat, LiveError> {
        read_stat(&self.directory, self.pid())
    }

    /// All threads with their state, processor time and context switches.
    ///
    /// # Errors
    /// When the process has gone.
    pub fn threads(&self) -> Result<Vec<Thread>, LiveError> {
        threads::threads(&self.directory).map_err(|error| self.refused("task", error))
    }

    /// Thread ids, ascending.
    ///
    /// # Errors
    /// When the process has gone.
    pub fn thread_ids(&self) -> Result<Vec<u32>, LiveError> {
        threads::thread_ids(&self.directory).map_err(|error| self.refused("task", error))
    }

    /// State and processor time of one thread, cheap enough to ask at every sample; `None` when it has ended.
    #[must_use]
    pub fn thread_cpu(&self, tid: u32) -> Option<(ThreadState, CpuTime)> {
        threads::thread_cpu(&self.directory, tid)
    }

    /// Which pages of `regions` are there, in their order.
    ///
    /// # Errors
    /// When the process has gone or may not be read.
    pub fn page_runs<'a>(&self, regions: impl Iterator<Item = &'a Region>) -> Result<Vec<PageRun>, LiveError> {
        let pagemap = File::open(self.directory.join("pagemap")).map_err(|error| self.refused("pagemap", error))?;
        let runs = pagemap::read_runs(&pagemap, regions, &mut Vec::new());
        runs.map(|runs| self.with_moving_pages(runs)).map_err(|error| self.refused("pagemap", error))
    }

    /// While the kernel moves a page (compaction, balancing between memory nodes), its entry looks like that of one swapped
    /// out (Documentation/admin-guide/mm/pagemap.rst, bit 62). Of a process that has nothing in swap it is such a page: it is
    /// there, and reading it waits for the move.
    pub(crate) fn with_moving_pages(&self, mut runs: Vec<PageRun>) -> Vec<PageRun> {
        let is_swapped = |run: &PageRun| run.state == PageState::Swapped;
        if runs.iter().any(is_swapped) && self.status().is_ok_and(|status| status.swap_bytes == 0) {
            runs.iter_mut().filter(|run| is_swapped(run)).for_each(|run| run.state = PageState::Private);
        }
        runs
    }

    /// Opens the file that `region` maps, whatever mount namespace it is in, deleted or not.
    ///
    /// # Errors
    /// What the system says.
    pub fn open_region(&self, region: &Region) -> io::Result<File> {
        files::open_region(&self.directory, &self.executable, region)
    }

    /// When it started, to the second; `None` where the kernel does not say.
    #[must_use]
    pub fn started(&self) -> Option<SystemTime> {
        let stat = fs::read_to_string("/proc/stat").ok()?;
        let boot: u64 = stat.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()?;
        let since = Duration::from_secs(self.identity.start_ticks / threads::ticks_per_second());
        SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(boot))?.checked_add(since)
    }

    /// Opens `path` as the target would, a relative one from its present folder on.
    ///
    /// # Errors
    /// What the system says.
    pub fn open_path(&self, path: &str) -> io::Result<File> {
        files::open_path(&self.directory, path)
    }

    fn read_proc(&self, name: &str) -> Result<String, LiveError> {
        let bytes = fs::read(self.directory.join(name)).map_err(|error| self.refused(name, error))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn read_executable(&self) -> Result<String, LiveError> {
        let link = fs::read_link(self.directory.join("exe")).map_err(|error| self.refused("exe", error))?;
        let text = link.to_string_lossy();
        Ok(text.strip_suffix(" (deleted)").unwrap_or(&text).to_owned())
    }

    fn check_executable(&self) -> Result<(), LiveError> {
        let mut ident = [0; 20];
        let mut file = File::open(self.directory.join("exe")).map_err(|error| self.refused("exe", error))?;
        let read = file.read(&mut ident).map_err(|error| self.refused("exe", error))?;
        check_machine(&ident[..read]).map_err(|cause| LiveError::Unsupported {
            pid: self.pid(),
            executable: self.executable.clone(),
            cause,
        })
    }

    /// A container's seccomp filter lets files be opened and refuses the system call that reads memory.
    fn try_reading(&self) -> Result<(), LiveError> {
        // Nothing is ever there, and the right to read is asked for first.
        match copy::read_live(self.nix_pid(), Address::NULL, &mut [0; 1]) {
            Err(Errno::EPERM | Errno::EACCES | Errno::ENOSYS) => Err(self.no_permission()),
            _ => Ok(()),
        }
    }

    /// What an error on one of the target's files under `/proc` means.
    pub(crate) fn refused(&self, name: &str, error: io::Error) -> LiveError {
        if error.kind() == io::ErrorKind::PermissionDenied {
            return self.no_permission();
        }
        // Its memory goes before it is told to be gone.
        if error.raw_os_error() == Some(Errno::ESRCH as i32) {
            return self.check_alive().err().unwrap_or(LiveError::Gone { pid: self.pid() });
        }
        self.check_alive().err().unwrap_or_else(|| LiveError::Procfs {
            path: self.directory.join(name).display().to_string(),
            cause: error,
        })
    }

    /// Gathers what is known about why we are not let in.
    pub(crate) fn no_permission(&self) -> LiveError {
        let pid = self.pid();
        if let Err(gone) = self.check_alive() {
            return gone;
        }
        let status = self.status().unwrap_or_else(|_| self.status.clone());
        let access = NoAccess::gather(Path::new("/"), pid, &status, nix::unistd::geteuid().as_raw());
        LiveError::NoPermission { pid, access: Box::new(access) }
    }
}

impl MemorySource for Process {
    fn regions(&self) -> &[Region] {
        &self.regions
    }

    /// Reads without stopping anything. A page that is not there is brought in by the kernel, as for the target itself.
    fn read(&self, address: Address, buffer: &mut [u8]) -> Result<(), ReadError> {
        let len = buffer.len();
        match copy::read_live(self.nix_pid(), address, buffer) {
            Ok(read) if read == len => Ok(()),
            Ok(_) | Err(Errno::EFAULT) => Err(ReadError::Unmapped { address, len }),
            Err(errno) => Err(ReadError::Io { address, len, cause: errno.into() }),
        }
    }

    fn read_together(&self, pieces: &mut [ReadPiece<'_>]) -> usize {
        copy::read_together(self.nix_pid(), pieces)
    }
}

/// Release of the running kernel, such as `6.1.0`; empty where it can't be told.
#[must_use]
pub fn kernel_release() -> String {
    fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim().to_owned()
}

fn read_text(path: &Path, pid: u32) -> Result<String, LiveError> {
    match fs::read(path) {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound || error.raw_os_error() == Some(Errno::ESRCH as i32) => {
            Err(LiveError::Gone { pid })
        }
        Err(cause) => Err(LiveError::Procfs { path: path.display().to_string(), cause }),
    }
}

/// `stat`, with the dead told apart.
fn read_stat(directory: &Path, pid: u32) -> Result<TaskStat, LiveError> {
    let path = directory.join("stat");
    let stat = parse_stat(&read_text(&path, pid)?)
        .ok_or_else(|| LiveError::Malformed { path: path.display().to_string(), what: "fields are missing" })?;
    match stat.state {
        'Z' => Err(LiveError::Zombie { pid }),
        'X' | 'x' => Err(LiveError::Gone { pid }),
        _ => Ok(stat),
    }
}
