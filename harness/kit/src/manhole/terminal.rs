//! The two layers between us and a manhole's text: telnet's commands and a terminal's control sequences.

/// RFC 854.
const IAC: u8 = 255;
const DONT: u8 = 254;
const DO: u8 = 253;
const WONT: u8 = 252;
const WILL: u8 = 251;
const SB: u8 = 250;
const SE: u8 = 240;
/// RFC 857.
const ECHO: u8 = 1;
/// RFC 858.
const SUPPRESS_GO_AHEAD: u8 = 3;

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum State {
    #[default]
    Text,
    Command,
    Option(u8),
    Sub,
    SubCommand,
    Escape,
    Sequence,
}

/// Turns what a telnet server with a terminal sends into plain text, and makes the answers telnet needs.
#[derive(Debug, Default)]
pub(super) struct Terminal {
    state: State,
}

impl Terminal {
    /// Adds the text in `data` to `text` and the answers to `answers`.
    pub(super) fn feed(&mut self, data: &[u8], text: &mut Vec<u8>, answers: &mut Vec<u8>) {
        for &byte in data {
            self.state = match (self.state, byte) {
                (State::Text, IAC) => State::Command,
                (State::Text, 0x1b) => State::Escape,
                (State::Text, b'\r' | 0) => State::Text,
                (State::Text, _) => {
                    text.push(byte);
                    State::Text
                }
                (State::Command, IAC) => {
                    text.push(IAC);
                    State::Text
                }
                (State::Command, WILL | WONT | DO | DONT) => State::Option(byte),
                (State::Command, SB) => State::Sub,
                (State::Command, _) => State::Text,
                (State::Option(verb), option) => {
                    answers.extend([IAC, answer(verb, option), option]);
                    State::Text
                }
                (State::Sub, IAC) => State::SubCommand,
                (State::Sub, _) => State::Sub,
                (State::SubCommand, SE) => State::Text,
                (State::SubCommand, _) => State::Sub,
                // ESC E is "next line", ESC [ begins a sequence that ends with a letter.
                (State::Escape, b'[') => State::Sequence,
                (State::Escape, b'E') => {
                    text.push(b'\n');
                    State::Text
                }
                (State::Escape, _) => State::Text,
                (State::Sequence, 0x40..=0x7e) => State::Text,
                (State::Sequence, _) => State::Sequence,
            };
        }
    }
}

/// We let the server echo and be silent about going ahead, and want nothing else.
fn answer(verb: u8, option: u8) -> u8 {
    let wanted = option == ECHO || option == SUPPRESS_GO_AHEAD;
    match verb {
        WILL if wanted => DO,
        WILL | WONT => DONT,
        DO if option == SUPPRESS_GO_AHEAD => WILL,
        _ => WONT,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fed(data: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let (mut text, mut answers) = (Vec::new(), Vec::new());
        Terminal::default().feed(data, &mut text, &mut answers);
        (text, answers)
    }

    #[test]
    fn text_remains_and_telnet_is_answered() {
        let (text, answers) = fed(b"Password: \xff\xfb\x01\xff\xfd\x22x\x1b[31;1my\x1bEz\r\n\xff\xfa\x22\x01\xff\xf0!");
        assert_eq!(text, b"Password: xy\nz\n!");
        assert_eq!(answers, [IAC, DO, ECHO, IAC, WONT, 0x22]);
    }

    proptest! {
        #[test]
        fn pieces_give_the_same_as_the_whole(data in prop::collection::vec(any::<u8>(), 0..300), cut in 0_usize..300) {
            let cut = cut.min(data.len());
            let (mut text, mut answers) = (Vec::new(), Vec::new());
            let mut terminal = Terminal::default();
            terminal.feed(&data[..cut], &mut text, &mut answers);
            terminal.feed(&data[cut..], &mut text, &mut answers);
            prop_assert_eq!((text, answers), fed(&data));
        }
    }
}
