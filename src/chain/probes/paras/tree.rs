//! Picking values out of decoded trees, by the names of their fields.
//!
//! In: a [`Node`]. Out: a number, bytes, a list, or none where the shape is another. Two runtimes that order or extend
//! their fields differently read the same. Must not decode bytes.

use crate::domain::call::Node;
use crate::domain::{AccountId, Hash, ParaId};

/// A field by name.
pub(in crate::chain::probes) fn field<'n>(node: &'n Node, name: &str) -> Option<&'n Node> {
    match node {
        Node::Fields(fields) | Node::Variant(_, fields) => {
            fields.iter().find(|(n, _)| n == name).map(|(_, inner)| inner)
        }
        _ => None,
    }
}

/// The items of a list.
pub(in crate::chain::probes) fn list(node: &Node) -> Option<&[Node]> {
    match node {
        Node::List(items) => Some(items),
        _ => None,
    }
}

/// All items of a list; none where one of them has another shape.
pub(in crate::chain::probes) fn all<T>(node: &Node, item: impl Fn(&Node) -> Option<T>) -> Option<Vec<T>> {
    list(node)?.iter().map(item).collect()
}

/// Two values: a tuple, an entry of a map.
pub(in crate::chain::probes) fn pair(node: &Node) -> Option<(&Node, &Node)> {
    match list(node)? {
        [a, b] => Some((a, b)),
        _ => None,
    }
}

/// A number of planck.
pub(in crate::chain::probes) fn planck(node: &Node) -> Option<u128> {
    match node {
        Node::Number(n) => Some(*n),
        _ => None,
    }
}

/// A number.
pub(in crate::chain::probes) fn number<N: TryFrom<u128>>(node: &Node) -> Option<N> {
    N::try_from(planck(node)?).ok()
}

/// A number in a field.
pub(in crate::chain::probes) fn number_in<N: TryFrom<u128>>(node: &Node, name: &str) -> Option<N> {
    number(field(node, name)?)
}

/// The number of a para.
pub(in crate::chain::probes) fn para(node: &Node) -> Option<ParaId> {
    number(node).map(ParaId)
}

/// Bytes.
pub(in crate::chain::probes) fn bytes(node: &Node) -> Option<&[u8]> {
    match node {
        Node::Bytes(bytes) => Some(bytes),
        _ => None,
    }
}

/// A hash.
pub(in crate::chain::probes) fn hash(node: &Node) -> Option<Hash> {
    bytes(node)?.try_into().ok().map(Hash)
}

/// An account.
pub(in crate::chain::probes) fn account(node: &Node) -> Option<AccountId> {
    match node {
        Node::Account(account) => Some(*account),
        _ => None,
    }
}

/// True or false.
pub(in crate::chain::probes) fn boolean(node: &Node) -> Option<bool> {
    match node {
        Node::Bool(bit) => Some(*bit),
        _ => None,
    }
}

/// Bits.
pub(in crate::chain::probes) fn bits(node: &Node) -> Option<Vec<bool>> {
    all(node, boolean)
}

/// The name of a variant.
pub(in crate::chain::probes) fn variant(node: &Node) -> Option<&str> {
    match node {
        Node::Variant(name, _) => Some(name),
        _ => None,
    }
}

/// What is in an option: `Some(None)` where it is empty, `None` where it is no option or its content has another shape.
pub(in crate::chain::probes) fn option<T>(
    node: &Node,
    some: impl FnOnce(&Node) -> Option<T>,
) -> Option<Option<T>> {
    match node {
        Node::Nothing => Some(None),
        Node::Variant(name, fields) if name == "Some" => match fields.as_slice() {
            [(_, inner)] => some(inner).map(Some),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_option_is_something_else_than_another_shape() {
        let some = Node::Variant("Some".to_owned(), vec![("0".to_owned(), Node::Number(7))]);
        assert_eq!(option(&Node::Nothing, number::<u32>), Some(None));
        assert_eq!(option(&some, number::<u32>), Some(Some(7)));
        assert_eq!(option(&Node::Number(7), number::<u32>), None);
        assert_eq!(option(&some, boolean), None);
    }

    #[test]
    fn one_item_of_another_shape_makes_the_whole_list_unknown() {
        let list = Node::List(vec![Node::Number(1), Node::Bool(true)]);
        assert_eq!(all(&list, number::<u8>), None);
        assert_eq!(number::<u8>(&Node::Number(256)), None);
    }
}
