//! Columns that Parquet knows more of than the decoder says: each leaf of the columns beside its
//! leaf in the file.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema};
use arrow_schema::extension::EXTENSION_TYPE_NAME_KEY;
use parquet::basic::LogicalType;
use parquet::schema::types::{ColumnDescriptor, SchemaDescriptor};

use crate::extension::{JSON, UUID};

/// Makes a new field of a leaf of the columns and the same leaf of the file.
pub(super) type Change<'a> = &'a dyn Fn(&Field, &ColumnDescriptor) -> Field;

/// The schema with all leaves changed.
pub(super) fn change_leaves(
    schema: &Schema,
    leaves: &SchemaDescriptor,
    change: Change<'_>,
) -> Schema {
    let mut walk = Walk { leaves, next: 0, change };
    let fields = schema.fields().iter().map(|field| walk.field(field)).collect::<Vec<_>>();
    Schema::new_with_metadata(fields, schema.metadata().clone())
}

/// Both trees in the order of their leaves.
struct Walk<'a> {
    leaves: &'a SchemaDescriptor,
    next: usize,
    change: Change<'a>,
}

impl Walk<'_> {
    #[expect(clippy::wildcard_enum_match_arm, reason = "all other types are leaves")]
    fn field(&mut self, field: &FieldRef) -> FieldRef {
        let data_type = match field.data_type() {
            DataType::Struct(fields) => {
                DataType::Struct(fields.iter().map(|field| self.field(field)).collect::<Fields>())
            }
            DataType::List(item) => DataType::List(self.field(item)),
            DataType::LargeList(item) => DataType::LargeList(self.field(item)),
            DataType::ListView(item) => DataType::ListView(self.field(item)),
            DataType::LargeListView(item) => DataType::LargeListView(self.field(item)),
            DataType::FixedSizeList(item, size) => DataType::FixedSizeList(self.field(item), *size),
            DataType::Map(entries, sorted) => DataType::Map(self.field(entries), *sorted),
            _ => return self.leaf(field),
        };
        Arc::new(Field::clone(field).with_data_type(data_type))
    }

    fn leaf(&mut self, field: &FieldRef) -> FieldRef {
        let at = self.next;
        self.next += 1;
        match self.leaves.columns().get(at) {
            Some(leaf) => Arc::new((self.change)(field, leaf)),
            None => Arc::clone(field),
        }
    }
}

/// The schema with the logical types that Arrow has as extension types.
pub(super) fn with_extension_types(schema: &Schema, leaves: &SchemaDescriptor) -> Schema {
    change_leaves(schema, leaves, &|field, leaf| match leaf.logical_type_ref() {
        Some(LogicalType::Uuid) => named(field, UUID),
        Some(LogicalType::Json) => named(field, JSON),
        Some(_) | None => field.clone(),
    })
}

fn named(field: &Field, name: &str) -> Field {
    let mut metadata = field.metadata().clone();
    metadata.insert(EXTENSION_TYPE_NAME_KEY.to_owned(), name.to_owned());
    field.clone().with_metadata(metadata)
}
