//! Flattened device trees: what a `.dtb` of the kernel's package says. Reads only what facts about a board need, and trusts nothing.

/// A node of the tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Node {
    /// From the root: `/soc/serial@3000`; the root is `/`.
    pub path: String,
    /// Name and value as they stand.
    pub properties: Vec<(String, Vec<u8>)>,
    /// Whether it or a node above it has another `status` than `okay`.
    pub disabled: bool,
}

impl Node {
    /// A property's strings.
    pub fn strings(&self, name: &str) -> Vec<String> {
        let Some((_, value)) = self.properties.iter().find(|(n, _)| n == name) else { return Vec::new() };
        value.split(|b| *b == 0).filter(|s| !s.is_empty()).map(|s| String::from_utf8_lossy(s).into_owned()).collect()
    }

    /// A property's first cell.
    pub fn cell(&self, name: &str) -> Option<u32> {
        let (_, value) = self.properties.iter().find(|(n, _)| n == name)?;
        word(value, 0)
    }

    /// The last part of the path.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }
}

const MAGIC: u32 = 0xd00d_feed;
const DEEPEST: usize = 64;

/// All nodes, parents before their children; `None` if it is no device tree, or a broken one.
pub fn parse(blob: &[u8]) -> Option<Vec<Node>> {
    if word(blob, 0)? != MAGIC {
        return None;
    }
    let structure = blob.get(word(blob, 8)? as usize..)?;
    let names = blob.get(word(blob, 12)? as usize..)?;
    let mut nodes: Vec<Node> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    let mut at = 0;
    loop {
        let token = word(structure, at)?;
        at += 4;
        match token {
            1 => {
                let name = text(structure.get(at..)?)?;
                at = (at + name.len() + 1).next_multiple_of(4);
                let path = match open.last() {
                    None => "/".to_owned(),
                    Some(parent) => format!("{}/{name}", nodes.get(*parent)?.path.trim_end_matches('/')),
                };
                if open.len() >= DEEPEST {
                    return None;
                }
                open.push(nodes.len());
                nodes.push(Node { path, ..Node::default() });
            }
            2 => {
                open.pop()?;
            }
            3 => {
                let (length, name) = (word(structure, at)? as usize, word(structure, at + 4)? as usize);
                let value = structure.get(at + 8..(at + 8).checked_add(length)?)?;
                at = (at + 8 + length).next_multiple_of(4);
                nodes.get_mut(*open.last()?)?.properties.push((text(names.get(name..)?)?.to_owned(), value.to_vec()));
            }
            4 => {}
            9 if open.is_empty() => break,
            _ => return None,
        }
    }
    mark_disabled(&mut nodes);
    Some(nodes)
}

fn mark_disabled(nodes: &mut [Node]) {
    let mut above: Vec<(usize, bool)> = Vec::new();
    for node in nodes {
        let depth = if node.path == "/" { 0 } else { node.path.matches('/').count() };
        above.retain(|(d, _)| *d < depth);
        let off = node.strings("status").first().is_some_and(|s| s != "okay" && s != "ok");
        node.disabled = off || above.last().is_some_and(|(_, off)| *off);
        above.push((depth, node.disabled));
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

fn text(bytes: &[u8]) -> Option<&str> {
    let end = bytes.iter().position(|b| *b == 0)?;
    std::str::from_utf8(&bytes[..end]).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `/ { compatible = "a", "b"; soc { status = "disabled"; uart@1 { reg = <7>; }; }; };`
    fn sample() -> Vec<u8> {
        let names = b"compatible\0status\0reg\0";
        let mut body: Vec<u8> = Vec::new();
        let put = |body: &mut Vec<u8>, words: &[u32], bytes: &[u8]| {
            body.extend(words.iter().flat_map(|w| w.to_be_bytes()));
            body.extend(bytes);
            body.resize(body.len().next_multiple_of(4), 0);
        };
        put(&mut body, &[1], b"\0");
        put(&mut body, &[3, 4, 0], b"a\0b\0");
        put(&mut body, &[1], b"soc\0");
        put(&mut body, &[3, 9, 11], b"disabled\0");
        put(&mut body, &[1], b"uart@1\0");
        put(&mut body, &[3, 4, 18], &7_u32.to_be_bytes());
        put(&mut body, &[2, 2, 2, 9], b"");
        let header = [MAGIC, 0, 40, 40 + body.len() as u32, 0, 17, 16, 0, 0, body.len() as u32];
        let mut blob: Vec<u8> = header.iter().flat_map(|w| w.to_be_bytes()).collect();
        blob.extend(body);
        blob.extend(names);
        blob
    }

    #[test]
    fn nodes_come_with_their_paths_and_state() {
        let nodes = parse(&sample()).unwrap();
        let seen: Vec<_> = nodes.iter().map(|n| (n.path.as_str(), n.disabled)).collect();
        assert_eq!(seen, [("/", false), ("/soc", true), ("/soc/uart@1", true)]);
        assert_eq!(nodes[0].strings("compatible"), ["a", "b"]);
        assert_eq!(nodes[2].cell("reg"), Some(7));
        assert_eq!(nodes[2].name(), "uart@1");
    }

    #[test]
    fn broken_trees_are_refused_without_a_panic() {
        let whole = sample();
        for end in 0..whole.len() {
            let _ = parse(&whole[..end]);
        }
        for at in 0..whole.len() {
            for flip in [0x01, 0x80, 0xff] {
                let mut bent = whole.clone();
                bent[at] ^= flip;
                let _ = parse(&bent);
            }
        }
        assert_eq!(parse(b"not a tree"), None);
        assert_eq!(parse(&whole[..whole.len() - 30]), None);
    }
}
