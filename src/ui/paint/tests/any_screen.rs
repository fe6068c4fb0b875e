//! Screens nobody would write, for property tests.

use crate::screen::*;
use proptest::prelude::*;

fn text() -> impl Strategy<Value = String> {
    prop_oneof![3 => "[ -~]{0,30}", 2 => "[a-zß日本✖▲·\u{301}\u{2009}é]{0,20}", 1 => ".{0,12}", 1 => "(word ){0,60}"]
}

fn line() -> impl Strategy<Value = Line> {
    prop::collection::vec((text(), prop::sample::select(Role::ALL.to_vec())), 0..4)
        .prop_map(|spans| Line { spans: spans.into_iter().map(|(text, role)| Span { text, role }).collect() })
}

fn column() -> impl Strategy<Value = Column> {
    (text(), 0u16..60, prop_oneof![0u16..60, Just(u16::MAX)], any::<bool>(), 0u8..4, any::<Option<bool>>())
        .prop_map(|(title, min, max, right, drop_order, sorted)| Column {
            title,
            min,
            max,
            right,
            drop_order,
            sorted,
        })
}

fn table() -> impl Strategy<Value = Table> {
    let row = (prop::collection::vec(line(), 0..6), any::<bool>()).prop_map(|(cells, marked)| Row {
        key: String::new(),
        cells,
        marked,
    });
    let index = || prop_oneof![0usize..40, Just(usize::MAX / 2)];
    (
        prop::collection::vec(column(), 0..6),
        prop::collection::vec(row, 0..30),
        index(),
        index(),
        prop::option::of(index()),
    )
        .prop_map(|(columns, rows, first, total, selected)| Table {
            columns,
            rows,
            first,
            total,
            selected,
        })
}

fn body() -> impl Strategy<Value = Body> {
    prop_oneof![
        4 => table().prop_map(Body::Table),
        2 => prop::collection::vec((line(), line()), 0..12).prop_map(Body::KeyValues),
        2 => prop::collection::vec(line(), 0..12).prop_map(Body::Text),
        1 => (any::<f64>(), line()).prop_map(|(ratio, label)| Body::Gauge { ratio, label }),
        1 => (prop::collection::vec(any::<Option<u64>>(), 0..80), any::<Option<u64>>(), text())
            .prop_map(|(values, limit, unit)| Body::Chart { values, limit, unit }),
        1 => (text(), line()).prop_map(|(text, below)| Body::Big { text, role: Role::Critical, below }),
        1 => (line(), line()).prop_map(|(sentence, next)| Body::Empty { sentence, next }),
    ]
}

fn node() -> impl Strategy<Value = Node> {
    let size = || {
        prop_oneof![
            prop_oneof![0u16..30, Just(u16::MAX)].prop_map(Size::Cells),
            (0u16..4).prop_map(Size::Share),
            (0u16..30).prop_map(Size::Content)
        ]
    };
    let panel = (prop::option::of(line()), any::<bool>(), any::<bool>(), body()).prop_map(
        |(title, focused, stale, body)| Node::panel(Panel { id: String::new(), title, focused, stale, body }),
    );
    panel.prop_recursive(3, 8, 4, move |inner| {
        prop_oneof![
            prop::collection::vec((size(), inner.clone()), 0..4).prop_map(Node::Rows),
            prop::collection::vec((size(), inner), 0..4).prop_map(Node::Columns)
        ]
    })
}

fn overlay() -> impl Strategy<Value = Overlay> {
    let input = prop::option::of((text(), prop_oneof![0usize..40, Just(usize::MAX)]));
    let scroll = prop_oneof![0usize..30, Just(usize::MAX)];
    (line(), any::<u16>(), any::<u16>(), input, body(), scroll).prop_map(
        |(title, width, height, input, body, scroll)| Overlay { title, width, height, input, body, scroll },
    )
}

/// Any screen.
pub(super) fn screen() -> impl Strategy<Value = Screen> {
    let tab = (any::<u8>(), text(), any::<Option<u32>>(), any::<bool>())
        .prop_map(|(number, name, badge, active)| TabLabel { number, name, badge, active });
    (
        (line(), line(), line()),
        prop::collection::vec(tab, 0..10),
        node(),
        (line(), line()),
        prop::option::weighted(0.3, overlay()),
    )
        .prop_map(|((left, sentence, right), tabs, body, footer, overlay)| Screen {
            header: Header { left, sentence, right },
            tabs,
            body,
            footer: Footer { left: footer.0, right: footer.1 },
            overlay,
        })
}
