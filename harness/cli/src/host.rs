//! The machine that results were made on.

use bloathound_vocabulary::HostRecord;

/// What is told of it; `python` is the release that services ran on.
pub(crate) fn facts(python: Option<&str>) -> HostRecord {
    let system = sysinfo::System::new_with_specifics(
        sysinfo::RefreshKind::nothing().with_memory(sysinfo::MemoryRefreshKind::nothing().with_ram()),
    );
    HostRecord {
        os: sysinfo::System::long_os_version().ok(),
        kernel: sysinfo::System::kernel_version().ok(),
        architecture: Some(sysinfo::System::cpu_arch()),
        cpus: std::thread::available_parallelism().ok().map(|n| n.get() as u64),
        memory_bytes: system.ok().map(|system| system.total_memory()),
        python: python.map(str::to_owned),
        ..HostRecord::default()
    }
}

/// Today, by which what is let be until some day is let be or not.
pub(crate) fn today() -> chrono::NaiveDate {
    chrono::Utc::now().date_naive()
}
