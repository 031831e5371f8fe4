//! What is asked of a token's claims once its signature is known to be good.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value};

use super::identity::Identity;
use super::role::Role;
use super::token::{TokenError, TokenRules};

/// A token's claims by name.
pub(super) type Claims = Map<String, Value>;

/// Tells who `claims` are about, if they meet `rules` at the time `now`.
pub(super) fn identify(
    claims: &Claims,
    rules: &TokenRules,
    now: DateTime<Utc>,
) -> Result<Identity, TokenError> {
    check_times(claims, rules.leeway, now)?;
    if let Some(issuer) = &rules.issuer
        && present(claims, "iss").and_then(Value::as_str) != Some(issuer)
    {
        return Err(TokenError::Issuer);
    }
    if let Some(audience) = &rules.audience
        && !present(claims, "aud").is_some_and(|aud| names(aud, audience))
    {
        return Err(TokenError::Audience);
    }
    let subject = required(claims, "sub")?.as_str().ok_or(TokenError::Subject)?;
    let role = role_of(required(claims, &rules.role_claim)?)?;
    Identity::new(role, subject)
}

/// The first moment at which `claims` are not valid any more.
pub(super) fn expiry(claims: &Claims, leeway: Duration) -> Result<DateTime<Utc>, TokenError> {
    let exp = numeric_date("exp", required(claims, "exp")?)?;
    let leeway = TimeDelta::from_std(leeway).unwrap_or(TimeDelta::MAX);
    Ok(exp.checked_add_signed(leeway).unwrap_or(DateTime::<Utc>::MAX_UTC))
}

/// RFC 7519: valid before `exp`, not on it, and from `nbf` on.
fn check_times(claims: &Claims, leeway: Duration, now: DateTime<Utc>) -> Result<(), TokenError> {
    if expiry(claims, leeway)? <= now {
        return Err(TokenError::Expired);
    }
    let leeway = TimeDelta::from_std(leeway).unwrap_or(TimeDelta::MAX);
    let latest = now.checked_add_signed(leeway).unwrap_or(DateTime::<Utc>::MAX_UTC);
    match present(claims, "nbf") {
        Some(nbf) if numeric_date("nbf", nbf)? > latest => Err(TokenError::NotYetValid),
        _ => Ok(()),
    }
}

/// When the token was issued, if it says so.
pub(super) fn issued_at(claims: &Claims) -> Option<DateTime<Utc>> {
    numeric_date("iat", present(claims, "iat")?).ok()
}

/// Seconds since 1970, which may have a fraction. A time that no calendar holds (milliseconds taken for seconds,
/// say) is refused: it would never come.
fn numeric_date(name: &str, value: &Value) -> Result<DateTime<Utc>, TokenError> {
    value
        .as_f64()
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .and_then(|since_epoch| TimeDelta::from_std(since_epoch).ok())
        .and_then(|since_epoch| DateTime::UNIX_EPOCH.checked_add_signed(since_epoch))
        .ok_or_else(|| TokenError::InvalidClaim(name.to_owned()))
}

/// Whether `aud`, a text or a list of texts, names `audience`.
fn names(aud: &Value, audience: &str) -> bool {
    match aud {
        Value::String(one) => one == audience,
        Value::Array(several) => several.iter().any(|one| one.as_str() == Some(audience)),
        _ => false,
    }
}

/// The role a text names, or the one known role in a list. Issuers put roles of other services into such lists, so
/// unknown ones are passed over; but which of two known ones was meant, nobody could say.
fn role_of(value: &Value) -> Result<Role, TokenError> {
    let named = |value: &Value| value.as_str().and_then(|text| text.parse::<Role>().ok());
    let Value::Array(several) = value else {
        return named(value).ok_or(TokenError::UnknownRole);
    };
    let mut known = several.iter().filter_map(named);
    match (known.next(), known.next()) {
        (Some(role), None) => Ok(role),
        _ => Err(TokenError::UnknownRole),
    }
}

/// A claim's value. A null says no more than an absent claim does.
fn present<'a>(claims: &'a Claims, name: &str) -> Option<&'a Value> {
    claims.get(name).filter(|value| !value.is_null())
}

fn required<'a>(claims: &'a Claims, name: &str) -> Result<&'a Value, TokenError> {
    present(claims, name).ok_or_else(|| TokenError::MissingClaim(name.to_owned()))
}
