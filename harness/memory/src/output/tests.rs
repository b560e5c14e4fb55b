//! Where an output may lead, each kind of place once, on the real file system.

use std::io::Read;
use std::os::unix::fs::{FileTypeExt, symlink};
use std::process::Command;

use super::*;

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o777
}

#[test]
fn a_regular_file_is_replaced_whole_and_keeps_who_may_read_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("made/for/it/report.json");
    check(&path).unwrap();
    assert!(names(folder.path()).is_empty(), "asking makes nothing");
    write_whole(&path, b"first", Readers::AsBefore).unwrap();
    assert_eq!(mode(&path), 0o600);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let old = File::open(&path).unwrap();
    check(&path).unwrap();
    write_whole(&path, b"second", Readers::AsBefore).unwrap();
    assert_eq!((fs::read(&path).unwrap(), mode(&path)), (b"second".to_vec(), 0o644));
    // Who had it open keeps what was in it.
    assert_eq!(io::read_to_string(old).unwrap(), "first");
    write_whole(&path, b"third", Readers::Owner).unwrap();
    assert_eq!((fs::read(&path).unwrap(), mode(&path)), (b"third".to_vec(), 0o600));
    assert_eq!(names(path.parent().unwrap()), ["report.json"]);
}

#[test]
fn one_that_is_dropped_leaves_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x".repeat(255));
    write_whole(&path, b"before", Readers::Owner).unwrap();
    let output = Output::create(&path, Readers::Owner).unwrap();
    (&output).write_all(b"half").unwrap();
    assert_eq!(names(folder.path()).len(), 2);
    drop(output);
    assert_eq!(names(folder.path()).len(), 1);
    assert_eq!(fs::read(&path).unwrap(), b"before");
}

#[test]
fn what_a_killed_process_left_beside_it_goes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("image.bhi");
    let ours = Mark::ours().unwrap().to_string();
    let gone = ours.replacen(&std::process::id().to_string(), "8388608", 1);
    let left =
        [format!(".image.bhi.{gone}-0.partial"), format!(".image.bhi.{ours}-7.partial"), ".image.bhi.partial".into()];
    for name in &left {
        fs::write(folder.path().join(name), "half").unwrap();
    }
    write_whole(&path, b"whole", Readers::Owner).unwrap();
    let mut expected = vec!["image.bhi".to_owned(), left[1].clone(), left[2].clone()];
    expected.sort();
    assert_eq!(names(folder.path()), expected);
}

#[test]
fn a_link_stays_and_its_target_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("first"), folder.path().join("second"));
    fs::create_dir(folder.path().join("other")).unwrap();
    symlink("second", &first).unwrap();
    symlink("other/file", &second).unwrap();
    for content in ["one", "two"] {
        check(&first).unwrap();
        write_whole(&first, content.as_bytes(), Readers::AsBefore).unwrap();
        assert_eq!(fs::read_to_string(folder.path().join("other/file")).unwrap(), content);
        assert!([&first, &second].iter().all(|link| fs::symlink_metadata(link).unwrap().is_symlink()));
        assert_eq!(names(&folder.path().join("other")), ["file"]);
    }
    symlink("loop", folder.path().join("loop")).unwrap();
    assert!(check(&folder.path().join("loop")).unwrap_err().to_string().contains("symbolic links"));
}

#[test]
fn a_fifo_is_written_through_and_its_reader_sees_no_end_before() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fifo");
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    let reader = {
        let path = path.clone();
        std::thread::spawn(move || {
            let mut text = Vec::new();
            File::open(path).unwrap().read_to_end(&mut text).unwrap();
            text
        })
    };
    let held = check(&path).unwrap();
    // More than a pipe takes at once.
    let content = vec![b'x'; 1 << 20];
    write_whole(&path, &content, Readers::AsBefore).unwrap();
    drop(held);
    assert_eq!(reader.join().unwrap(), content);
    assert!(fs::symlink_metadata(&path).unwrap().file_type().is_fifo());
    assert_eq!(names(folder.path()), ["fifo"]);
}

#[test]
fn a_device_is_written_through() {
    for (path, fits) in [("/dev/null", true), ("/dev/full", false)] {
        let before = fs::symlink_metadata(path).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("link");
        symlink(path, &link).unwrap();
        // By way of a link: that what is tried here could replace is in our own folder.
        check(&link).unwrap();
        let written = write_whole(&link, b"x", Readers::AsBefore);
        assert_eq!(written.is_ok(), fits, "{written:?}");
        let after = fs::symlink_metadata(path).unwrap();
        assert_eq!((before.ino(), before.rdev()), (after.ino(), after.rdev()));
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    }
}

#[test]
fn what_can_not_be_written_is_known_before() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let socket = folder.path().join("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let said = |path: &Path| check(path).unwrap_err().to_string();
    assert!(said(folder.path()).contains("a folder"));
    assert!(said(&folder.path().join("new/")).contains("a folder"));
    assert!(said(&folder.path().join("..")).contains("no name"));
    assert!(said(&socket).contains("a socket"));
    assert!(check_folder(&file).unwrap_err().to_string().contains("is a file"));
    let below = said(&file.join("results.json"));
    assert!(below.contains("Not a directory") || below.contains("is a file"), "{below}");
    assert!(said(Path::new("/proc/self/fd/999")).contains("No such file"));
    assert_eq!(names(folder.path()), ["file", "socket"]);
}
