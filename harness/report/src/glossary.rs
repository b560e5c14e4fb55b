//! Ten words of the output that not everybody knows, each in a sentence: for `--help` and for the page.

use maud::{Markup, html};

/// The words, in the order of the alphabet.
pub const WORDS: [(&str, &str); 10] = [
    (
        "arena",
        "256 KiB in which Python keeps small objects; it goes back to the system only when nothing is left in it, so a few \
         objects that stay can hold much free memory (fragmentation)",
    ),
    ("cycle", "objects that refer to each other in a circle, so that none is freed when nobody else needs them"),
    (
        "event loop",
        "the loop of a server that waits for what is ready and calls the function for it; while one function runs, \
         nobody else is answered",
    ),
    (
        "finalizer",
        "a method `__del__`; Python 2.7 never frees a cycle that has one, and keeps its objects in the list `gc.garbage`",
    ),
    ("garbage", "objects that nobody needs any more and that wait for Python's collector to free them"),
    ("path", "the names that lead to an object from a module or a running function: who keeps it alive"),
    ("resident memory", "what of a process is in the machine's memory now, as `top` shows it (RES)"),
    ("retains", "bytes that would be freed if this one object were gone: its own, and what only it keeps alive"),
    ("sample", "one look at where a thread is in the code; a hundred a second show which loop it is in"),
    ("twin", "the same service twice: once with its bug (buggy), once with the fix (fixed), under the same load"),
];

/// The words as a part of a page.
pub(crate) fn definitions() -> Markup {
    html! {
        dl {
            @for (word, meaning) in WORDS {
                div { dt { (word) } dd { (meaning) } }
            }
        }
    }
}
