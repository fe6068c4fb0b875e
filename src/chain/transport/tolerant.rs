//! Repairs answers that the JSON-RPC client would hang up on.
//!
//! In: messages as they come. Out: the same, save that an error object without a code gets one. Chopsticks sends such
//! errors for methods that it does not know; the client takes them for garbage and ends the connection. Must not look at
//! results.

use serde_json::{Value as Json, json};
use subxt::ext::jsonrpsee::core::client::{ReceivedMessage, TransportReceiverT};

/// Error answers are short; longer messages pass untouched.
const MAX_ERROR: usize = 64 * 1024;
/// JSON-RPC: method not found.
const UNKNOWN_METHOD: i32 = -32_601;
/// JSON-RPC: internal error.
const INTERNAL: i32 = -32_603;

/// A receiver whose errors all have codes.
pub(super) struct Tolerant<R>(pub(super) R);

impl<R: TransportReceiverT + Send> TransportReceiverT for Tolerant<R> {
    type Error = R::Error;

    async fn receive(&mut self) -> Result<ReceivedMessage, Self::Error> {
        Ok(match self.0.receive().await? {
            ReceivedMessage::Text(text) => ReceivedMessage::Text(with_code(text)),
            other => other,
        })
    }
}

fn with_code(text: String) -> String {
    if text.len() > MAX_ERROR || !text.contains("\"error\"") {
        return text;
    }
    let Ok(mut message) = serde_json::from_str::<Json>(&text) else { return text };
    let Some(error) = message.get_mut("error").and_then(Json::as_object_mut) else { return text };
    if error.contains_key("code") {
        return text;
    }
    let said = error.get("message").and_then(Json::as_str).unwrap_or_default();
    let code = if said.starts_with("Method not found") { UNKNOWN_METHOD } else { INTERNAL };
    error.insert("code".to_owned(), json!(code));
    error.entry("message").or_insert_with(|| json!("no message"));
    message.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_without_a_code_gets_the_one_that_it_means() {
        let code = |text: &str| {
            serde_json::from_str::<Json>(&with_code(text.to_owned())).unwrap()["error"]["code"].clone()
        };
        assert_eq!(code(r#"{"id":1,"error":{"message":"Method not found: x"}}"#), json!(-32_601));
        assert_eq!(code(r#"{"id":1,"error":{"message":"keys.map is not a function"}}"#), json!(-32_603));
        assert_eq!(code(r#"{"id":1,"error":{}}"#), json!(-32_603));
    }

    #[test]
    fn everything_else_passes_untouched() {
        let texts = [
            r#"{"id":1,"error":{"code":4003,"message":"x"}}"#,
            r#"{"id":1,"result":{"error":{"message":"x"}}}"#,
            r#"{"id":1,"error":"x"}"#,
            r#"{"error":"#,
        ];
        for text in texts {
            assert_eq!(with_code(text.to_owned()), text);
        }
    }
}
