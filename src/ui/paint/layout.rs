//! Who gets how much room.
//!
//! In: sizes, what the contents need, the room. Out: cells for each. Must not import anything but `screen`.

use crate::screen::Size;

/// What a share is left with at least, as long as others can give.
const MIN_SHARE: u16 = 4;

/// Divides `room` among `sizes`; `needs` is what each one's content would fill. Fixed sizes and contents come first,
/// shares divide the rest by weight. Where it is too little, the last fixed ones give first. The sum never exceeds
/// `room`, and fills it when there is a share with any weight.
pub(super) fn divide(sizes: &[Size], needs: &[u16], room: u16) -> Vec<u16> {
    let weight = |s: &Size| if let Size::Share(w) = s { u32::from(*w) } else { 0 };
    let weights: u32 = sizes.iter().map(weight).sum();
    let shares = sizes.iter().filter(|s| weight(s) > 0).count();
    let reserve = MIN_SHARE.saturating_mul(u16::try_from(shares).unwrap_or(u16::MAX)).min(room);
    let mut left = room - reserve;
    let mut out: Vec<u16> = Vec::with_capacity(sizes.len());
    for (i, size) in sizes.iter().enumerate() {
        let want = match size {
            Size::Cells(n) => *n,
            Size::Content(most) => needs.get(i).copied().unwrap_or(0).min(*most),
            Size::Share(_) => 0,
        };
        let got = want.min(left);
        left -= got;
        out.push(got);
    }
    let mut rest = left + reserve;
    let mut weights_left = weights;
    for (cells, size) in out.iter_mut().zip(sizes) {
        let w = weight(size);
        if w > 0 && weights_left > 0 {
            let got = u32::from(rest) * w / weights_left;
            *cells = u16::try_from(got).unwrap_or(rest).min(rest);
            rest -= *cells;
            weights_left -= w;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn contents_first_and_shares_fill_the_rest() {
        assert_eq!(divide(&[Size::Content(8), Size::Share(1), Size::Cells(3)], &[5, 99, 99], 30), [5, 22, 3]);
        assert_eq!(divide(&[Size::Share(1), Size::Share(2)], &[0, 0], 31), [10, 21]);
    }

    #[test]
    fn where_it_is_narrow_a_share_keeps_its_least_and_the_last_fixed_one_gives() {
        assert_eq!(divide(&[Size::Cells(6), Size::Share(1), Size::Cells(6)], &[0, 0, 0], 12), [6, 4, 2]);
    }

    fn size() -> impl Strategy<Value = Size> {
        prop_oneof![
            any::<u16>().prop_map(Size::Cells),
            any::<u16>().prop_map(Size::Share),
            any::<u16>().prop_map(Size::Content)
        ]
    }

    proptest! {
        #[test]
        fn never_more_than_there_is(sizes in prop::collection::vec((size(), any::<u16>()), 0..9), room in any::<u16>()) {
            let (sizes, needs): (Vec<_>, Vec<_>) = sizes.into_iter().unzip();
            let out = divide(&sizes, &needs, room);
            let sum: u32 = out.iter().map(|n| u32::from(*n)).sum();
            prop_assert!(sum <= u32::from(room));
            if sizes.iter().any(|s| matches!(s, Size::Share(1..))) {
                prop_assert_eq!(sum, u32::from(room));
            }
        }
    }
}
