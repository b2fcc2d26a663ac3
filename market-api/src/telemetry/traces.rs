//! Traces for OpenTelemetry, over OTLP: HTTP with protobuf.

use std::time::Duration;

use axum::http::HeaderMap;
use opentelemetry::{
    propagation::{Extractor, TextMapPropagator},
    trace::TracerProvider,
};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig};
use opentelemetry_sdk::{
    Resource,
    propagation::TraceContextPropagator,
    trace::{SdkTracer, SdkTracerProvider},
};
use tracing::Span;
use tracing_opentelemetry::{OpenTelemetryLayer, OpenTelemetrySpanExt};
use tracing_subscriber::registry::LookupSpan;

use crate::tls;

/// The longest that handing over some spans may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Traces that are sent to a collector.
#[derive(Debug)]
pub(crate) struct Traces(SdkTracerProvider);

impl Traces {
    /// Begins to send traces to a collector at a URL, such as `http://127.0.0.1:4318`.
    pub(crate) fn begin(collector: &str) -> Result<Self, String> {
        tls::ready();
        let place = format!("{}/v1/traces", collector.trim_end_matches('/'));
        let exporter = SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(place)
            .with_timeout(PATIENCE)
            .build()
            .map_err(|why| format!("traces cannot be sent to {collector}: {why}"))?;
        let resource = Resource::builder().with_service_name("market").build();
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_resource(resource)
            .build();
        Ok(Self(provider))
    }

    /// What hears of spans.
    pub(crate) fn layer<S>(&self) -> OpenTelemetryLayer<S, SdkTracer>
    where
        S: tracing::Subscriber + for<'span> LookupSpan<'span>,
    {
        tracing_opentelemetry::layer().with_tracer(self.0.tracer("market"))
    }

    /// Sends what is left.
    pub(crate) fn end(self) {
        if let Err(why) = self.0.shutdown() {
            tracing::warn!("the last traces are lost: {why}");
        }
    }
}

struct Headers<'h>(&'h HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(axum::http::HeaderName::as_str).collect()
    }
}

/// Lets a span go on with the trace that a caller began, as its `traceparent` says (W3C Trace
/// Context).
pub(crate) fn continue_trace(span: &Span, headers: &HeaderMap) {
    let context = TraceContextPropagator::new().extract(&Headers(headers));
    // Nobody hears of spans, or the span is filtered: there is nothing to go on with.
    let _ = span.set_parent(context);
}
