//! Function calls, and the forms that SQL gives its own syntax (`extract(year from x)`).

use std::sync::Arc;

use sqlparser::ast::{
    DateTimeField, Function as SqlFunction, FunctionArg, FunctionArgExpr, FunctionArguments,
    ObjectNamePart,
};

use super::{
    AstKind, CeilFloorKind, Expr, Function, Ident, Lowered, Lowering, Part, Place, Side,
    TrimWhereField, place, resolve,
};

const PLAIN_CALL: &str = "call it as name(argument, …)";
const NOT_A_ROW: &str = "a value comes from columns, literals, operators and functions";

impl Lowering<'_> {
    #[expect(clippy::wildcard_enum_match_arm, reason = "most of SQL is not in the language")]
    pub(super) fn lower_call(&mut self, expression: &Expr) -> Lowered<(AstKind, Arc<Place>)> {
        match expression {
            Expr::Function(function) => self.lower_function(function, expression),
            Expr::Ceil { expr, field } if is_plain(field) => {
                self.special(Function::Ceil, [&**expr])
            }
            Expr::Floor { expr, field } if is_plain(field) => {
                self.special(Function::Floor, [&**expr])
            }
            Expr::Substring { expr, substring_from: Some(from), substring_for, .. } => {
                let start = [&**expr, &**from];
                self.special(Function::Substr, start.into_iter().chain(substring_for.as_deref()))
            }
            Expr::Trim { expr, trim_where, trim_what, trim_characters } => {
                let what = trim_what.as_deref().into_iter();
                let what = what.chain(trim_characters.iter().flatten());
                let operands: Vec<&Expr> = [&**expr].into_iter().chain(what).collect();
                match operands.len() {
                    1 | 2 => self.special(Function::Trim(side(*trim_where)), operands),
                    _ => Err(self.unsupported(expression, "trim takes a text and what to cut off")),
                }
            }
            Expr::Extract { field, expr, .. } => self.special(
                date_part(field).ok_or_else(|| self.unsupported(expression, DATE_PARTS))?,
                [&**expr],
            ),
            Expr::Substring { .. } => Err(self.unsupported(expression, SUBSTR)),
            Expr::CompoundIdentifier(_) => Err(self.unsupported(expression, DOTTED)),
            _ => Err(self.unsupported(expression, NOT_A_ROW)),
        }
    }

    /// A call in SQL's own syntax; sqlparser keeps no place for its name.
    fn special<'e>(
        &mut self,
        function: Function,
        operands: impl IntoIterator<Item = &'e Expr>,
    ) -> Lowered<(AstKind, Arc<Place>)> {
        let operands = self.all(operands)?;
        let place = operands.first().map(|first| Arc::clone(&first.place)).unwrap_or_default();
        Ok((AstKind::Call(function, operands), place))
    }

    fn lower_function(
        &mut self,
        function: &SqlFunction,
        whole: &Expr,
    ) -> Lowered<(AstKind, Arc<Place>)> {
        if matches!(function.args, FunctionArguments::None) {
            return Err(self.unsupported(whole, NOT_A_ROW));
        }
        let name = plain_name(function).ok_or_else(|| self.unsupported(whole, PLAIN_CALL))?;
        let place = place(name, name.span);
        let operands = operands(function).ok_or_else(|| self.unsupported(whole, PLAIN_CALL))?;
        let function = resolve(&name.value, &place, operands.len())?;
        Ok((AstKind::Call(function, self.all(operands)?), place))
    }
}

const DOTTED: &str = "fields of structs cannot be read; if the dot is part of the name, quote it";

fn is_plain(field: &CeilFloorKind) -> bool {
    matches!(field, CeilFloorKind::DateTimeField(DateTimeField::NoDateTime))
}

fn side(side: Option<TrimWhereField>) -> Side {
    match side {
        None | Some(TrimWhereField::Both) => Side::Both,
        Some(TrimWhereField::Leading) => Side::Start,
        Some(TrimWhereField::Trailing) => Side::End,
    }
}

fn date_part(field: &DateTimeField) -> Option<Function> {
    let part = Part::named(&field.to_string().to_lowercase())?;
    Some(if part == Part::Second { Function::Seconds } else { Function::Part(part) })
}

const SUBSTR: &str = "write substr(text, start) or substr(text, start, length)";

const DATE_PARTS: &str = "the parts of a date or time are year, quarter, month, week, day, dow, \
                          isodow, doy, hour, minute and second";

fn plain_name(function: &SqlFunction) -> Option<&Ident> {
    let plain = function.over.is_none()
        && function.filter.is_none()
        && function.null_treatment.is_none()
        && function.within_group.is_empty()
        && !function.uses_odbc_syntax
        && matches!(function.parameters, FunctionArguments::None);
    match function.name.0.as_slice() {
        [ObjectNamePart::Identifier(name)] if plain => Some(name),
        _ => None,
    }
}

fn operands(function: &SqlFunction) -> Option<Vec<&Expr>> {
    let FunctionArguments::List(list) = &function.args else { return None };
    if list.duplicate_treatment.is_some() || !list.clauses.is_empty() {
        return None;
    }
    list.args.iter().map(operand).collect()
}

fn operand(argument: &FunctionArg) -> Option<&Expr> {
    match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(operand)) => Some(operand),
        FunctionArg::Unnamed(_) | FunctionArg::Named { .. } | FunctionArg::ExprNamed { .. } => None,
    }
}
