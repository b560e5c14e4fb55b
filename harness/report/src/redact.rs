//! Takes out of texts what belongs to one machine or one run: addresses and the folders files lie in.

use crate::sanitize;

/// The part of a file's path that is the same everywhere: below `reference-services/` or `site-packages/`, else, of an
/// absolute path, the name alone.
#[must_use]
pub fn file(path: &str) -> String {
    for folder in ["reference-services/", "site-packages/"] {
        if let Some(at) = path.rfind(folder) {
            return sanitize::line(&path[at + folder.len()..]).into_owned();
        }
    }
    let kept = if path.starts_with('/') { path.rsplit('/').next().unwrap_or(path) } else { path };
    sanitize::line(kept).into_owned()
}

/// Tops of a file system: `/attendees` in a key is an URL, `/home/…` is somebody's folder.
const TOPS: [&str; 22] = [
    "Users", "bin", "build", "builds", "dev", "etc", "github", "home", "lib", "lib64", "media", "mnt", "nix", "opt",
    "private", "proc", "root", "run", "srv", "tmp", "usr", "var",
];

/// A text without addresses (`0x…`) and without what belongs to one machine in the files' paths in it.
#[must_use]
pub fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut before = ' ';
    while let Some(c) = rest.chars().next() {
        let boundary = !before.is_alphanumeric() && before != '/' && before != '.';
        if boundary && (rest.starts_with("0x") || rest.starts_with("0X")) {
            let digits = rest[2..].chars().take_while(char::is_ascii_hexdigit).count();
            if digits >= 4 {
                out.push_str("0x…");
                rest = &rest[2 + digits..];
                before = '…';
                continue;
            }
        }
        if boundary && c == '/' {
            let length = rest.find(ends_path).unwrap_or(rest.len());
            let path = &rest[..length];
            if is_machine_path(path) {
                out.push_str(&file(path));
                rest = &rest[length..];
                before = 'x';
                continue;
            }
        }
        out.push(c);
        before = c;
        rest = &rest[c.len_utf8()..];
    }
    sanitize::line(&out).into_owned()
}

fn ends_path(c: char) -> bool {
    c.is_whitespace() || "()[]{}<>'\",;:|".contains(c)
}

fn is_machine_path(path: &str) -> bool {
    let mut parts = path.split('/').skip(1);
    let top = parts.next().unwrap_or_default();
    path.contains("/reference-services/")
        || path.contains("/site-packages/")
        || (parts.next().is_some() && TOPS.contains(&top))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn machines_do_not_show_in_texts() {
        for (given, expected) in [
            ("<Foo object at 0x7f12ab34cd56>", "<Foo object at 0x…>"),
            ("A.__del__ (/home/a/b/reference-services/cycles/model.py:21)", "A.__del__ (cycles/model.py:21)"),
            ("['/attendees/list']", "['/attendees/list']"),
            ("module os (/usr/lib/python2.7/os.py)", "module os (os.py)"),
            ("['/tmp/tmpXa8/socket']", "['socket']"),
            ("color 0xff stays", "color 0xff stays"),
            ("DBModel → _field_cache", "DBModel → _field_cache"),
        ] {
            assert_eq!(text(given), expected);
        }
        assert_eq!(file("/a/lib/python2.7/site-packages/twisted/internet/defer.py"), "twisted/internet/defer.py");
        assert_eq!(file("/usr/lib/python2.7/Queue.py"), "Queue.py");
        assert_eq!(file("model.py"), "model.py");
    }

    proptest! {
        #[test]
        fn no_address_survives(before in "[a-z <(]{0,5}", address in 0x1000u64.., after in "[ >)g-z]{0,5}") {
            let given = format!("{before} {address:#x}{after}");
            let digits = format!("{address:x}");
            prop_assert!(!text(&given).contains(&digits));
        }

        #[test]
        fn what_comes_out_is_harmless(hostile in any::<String>()) {
            let once = text(&hostile);
            prop_assert!(!once.chars().any(sanitize::is_hostile));
            prop_assert!(!file(&hostile).chars().any(sanitize::is_hostile));
        }
    }
}
