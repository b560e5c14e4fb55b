//! Slides and the handout: nothing in them tells an answer.

use maud::{Markup, html};

use super::prose;
use crate::shelf::Shelf;

/// One slide a lab, between a beginning and an end.
pub(super) fn slides(shelf: &Shelf) -> Markup {
    html! {
        div class="slide" {
            h1 { "Something is wrong with this service" }
            (prose("Each of these services is broken on purpose, or only looks as if it were. You may not restart it, you may \
                    not install anything into it, and its customers must not notice you.\n\nSay what is wrong, and who holds \
                    it or which lines go round. Then mend it."))
            pre { "bloathound lab list\nbloathound lab start " (shelf.labs().first().map_or("NAME", |lab| &lab.name)) }
        }
        div class="slide" {
            h2 { "What can be wrong" }
            table {
                @for class in shelf.classes() { tr { th { (class.name) } td { (class.means) } } }
            }
        }
        @for lab in shelf.labs() {
            div class="slide" {
                h2 { (lab.order) ". " (lab.title) }
                p { "About " (lab.minutes) " minutes. " code { "bloathound lab start " (lab.name) } }
                @for question in &lab.questions { p { (plain(&question.ask)) } }
            }
        }
        div class="slide" {
            h2 { "What to take home" }
            (prose("One look is a hint; growth needs two.\n\nThe type that grew is rarely the one that holds it.\n\nA thread at \
                    100 % may be at work. A heap that grows may be filling. Say \"nothing is wrong\" when nothing is.\n\nA \
                    collector that you do not understand is a bug that you have not met yet."))
        }
    }
}

/// What a learner has beside the keyboard.
pub(super) fn handout(shelf: &Shelf) -> Markup {
    html! {
        h1 { "Handout" }
        h2 { "Every lab goes like this" }
        table {
            tr { th { code { "bloathound lab start NAME" } } td { "starts the service and tells what its operator sees; leave it running" } }
            tr { th { code { "bloathound lab look NAME" } } td { "in another terminal: figures now, and what to type" } }
            tr { th { code { "bloathound lab hint NAME" } } td { "one command, and how to read it; three a lab" } }
            tr { th { code { "bloathound lab answer NAME class=… holder=…" } } td { "your diagnosis" } }
            tr { th { code { "bloathound lab check NAME" } } td { "diagnosis, and your edited " code { "service.py" } } }
            tr { th { code { "bloathound lab explain NAME" } } td { "once it is passed: what it was, with your figures" } }
            tr { th { code { "bloathound lab reset NAME" } } td { "the lab as it was" } }
            tr { th { code { "bloathound lab solution NAME" } } td { "one that works, when you have had enough" } }
        }
        h2 { "Which command shows what" }
        table {
            tr { th { code { "bloathound watch PID" } } td { "what grows, and who holds it" } }
            tr { th { code { "bloathound inspect PID" } } td { "everything one look can tell: garbage, arenas, memory to the last page" } }
            tr { th { code { "bloathound why PID TYPE" } } td { "the path that keeps one alive" } }
            tr { th { code { "bloathound diff A B" } } td { "what is more in B than in A, by type" } }
            tr { th { code { "bloathound hot PID" } } td { "where a busy thread is, line by line" } }
        }
        h2 { "Words for what is wrong" }
        table {
            tr { th { "class" } th { "means" } th { "you know it by" } }
            @for class in shelf.classes() { tr { th { (class.name) } td { (class.means) } td { (class.tell_by) } } }
        }
        h2 { "The labs" }
        table {
            tr { th { "lab" } th { "about" } th { "minutes" } th { "solved" } }
            @for lab in shelf.labs() { tr { td { code { (lab.name) } } td { (lab.title) } td { (lab.minutes) } td {} } }
        }
    }
}

/// A question without what is drawn in it: where it has a drawn name, the name is left open.
fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        out.push_str(before);
        out.push('…');
        rest = after.split_once("}}").map_or("", |(_, after)| after);
    }
    out + rest
}
