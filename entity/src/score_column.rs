//! How a [`Score`] is kept in a column: as the integer number of its hundredths, in both databases.
//!
//! Apart from the score itself, so that the arithmetic knows nothing of databases.

use sea_orm::sea_query::{ArrayType, ColumnType, Nullable, ValueType, ValueTypeErr};
use sea_orm::{ColIdx, DbErr, QueryResult, TryGetError, TryGetable, Value};

use crate::score::Score;

impl From<Score> for Value {
    fn from(score: Score) -> Self {
        score.hundredths().into()
    }
}

impl TryGetable for Score {
    fn try_get_by<I: ColIdx>(row: &QueryResult, index: I) -> Result<Self, TryGetError> {
        let hundredths = i32::try_get_by(row, index)?;
        Self::from_hundredths(hundredths.into())
            .map_err(|error| TryGetError::DbErr(DbErr::Type(format!("score {hundredths}: {error}"))))
    }
}

impl ValueType for Score {
    fn try_from(value: Value) -> Result<Self, ValueTypeErr> {
        let hundredths = <i32 as ValueType>::try_from(value)?;
        Self::from_hundredths(hundredths.into()).map_err(|_| ValueTypeErr)
    }

    fn type_name() -> String {
        stringify!(Score).to_owned()
    }

    fn array_type() -> ArrayType {
        ArrayType::Int
    }

    fn column_type() -> ColumnType {
        ColumnType::Integer
    }
}

impl Nullable for Score {
    fn null() -> Value {
        i32::null()
    }
}

impl sea_orm::IntoActiveValue<Score> for Score {
    fn into_active_value(self) -> sea_orm::ActiveValue<Score> {
        sea_orm::ActiveValue::Set(self)
    }
}
