//! Where in its requests a connection is: which bytes are head, and which are body.

/// The requests of one connection, one after another.
#[derive(Default)]
pub(crate) struct Request {
    head: Vec<u8>,
    /// How many bytes of the body are still to come.
    body: u64,
}

impl Request {
    /// Follows what the client sent: how many bytes of it are body, and
    /// whether the head of an upload ended in it.
    pub(crate) fn follow(&mut self, mut bytes: &[u8]) -> (u64, bool) {
        let (mut bodies, mut begun) = (0, false);
        while !bytes.is_empty() {
            if self.body > 0 {
                let taken = bytes.len().min(usize::try_from(self.body).unwrap());
                bytes = &bytes[taken..];
                self.body -= taken as u64;
                bodies += taken as u64;
                continue;
            }
            let before = self.head.len();
            self.head.extend_from_slice(bytes);
            let Some(end) = self.head.windows(4).position(|four| four == b"\r\n\r\n") else {
                break;
            };
            bytes = &bytes[end + 4 - before..];
            let head = std::mem::take(&mut self.head);
            let head = String::from_utf8_lossy(&head[..end]).to_ascii_lowercase();
            let length = |line: &str| line.strip_prefix("content-length:")?.trim().parse().ok();
            self.body = head.lines().find_map(length).unwrap_or(0);
            begun |= head.starts_with("put ");
        }
        (bodies, begun)
    }
}

#[test]
fn bodies_are_told_from_heads_wherever_the_wire_cuts() {
    let wire = b"PUT /a HTTP/1.1\r\ncontent-length: 5\r\n\r\nhelloGET /b HTTP/1.1\r\n\r\nPUT /c HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi";
    for size in 1..wire.len() {
        let mut request = Request::default();
        let followed: Vec<_> = wire
            .chunks(size)
            .map(|bytes| request.follow(bytes))
            .collect();
        assert_eq!(followed.iter().map(|(body, _)| body).sum::<u64>(), 7);
        let uploads = followed.iter().filter(|(_, begun)| *begun).count();
        assert!(
            uploads == 2 || (size > 30 && uploads > 0),
            "{size}: {uploads}"
        );
    }
}
