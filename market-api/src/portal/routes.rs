//! Every path of the portal.

use axum::{
    Router,
    middleware::from_fn,
    routing::{get, post},
};

use super::{
    account, admission, agency, assets, buy, calendar, case, compare, complaint, desk, draw, entry,
    home, identities, item, listings, mail, matter, members, my, orders, own, passport, password,
    programs, provider, purchase, purchases, reading, register, search, second_factor, statistics,
    verify,
};
use crate::App;

/// The pages of the portal.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/", get(home::show))
        .route("/matters/{code}", get(matter::show))
        .route("/items/{code}", get(item::show))
        .route("/agencies/{id}", get(agency::show))
        .route("/search", get(search::show))
        .route("/compare", get(compare::show))
        .route("/suggested", get(search::suggest))
        .route("/sign-in", get(account::sign_in_page).post(account::sign_in))
        .route("/sign-out", post(account::sign_out))
        .route("/account", get(account::show))
        .route("/account/switch", post(account::switch))
        .route("/purchases", get(purchases::show))
        .route("/purchases/{id}", get(purchase::show))
        .route("/purchases/{id}/award", get(purchase::award))
        .route("/purchases/{id}/draw", get(draw::show))
        .route("/verify", get(verify::ask).post(verify::upload))
        .route("/verify/{code}", get(verify::show))
        .route("/statistics", get(statistics::show))
        .route("/statistics.csv", get(statistics::file))
        .route("/reading", post(reading::choose))
        .merge(own_pages())
        .merge(purchase_pages())
        .merge(agency_pages())
        .merge(desk::routes())
        .layer(from_fn(reading::told))
        .merge(assets::routes())
}

/// The pages of who is signed in: cases, orders, and what waits for them.
fn own_pages() -> Router<App> {
    Router::new()
        .route("/register", get(register::begin).post(register::sign_up))
        .route("/applicants/new", get(register::another).post(register::registered))
        .route("/my", get(my::show))
        .route("/inbox", get(my::inbox))
        .route("/notices/{id}", get(my::follow))
        .route("/inbox/read", post(my::read_all))
        .route("/notices/{id}/read", post(my::read))
        .merge(mail_pages())
        .merge(account_pages())
        .merge(provider_pages())
        .route("/deadlines", get(my::deadlines))
        .route("/calendar", get(calendar::show))
        .route("/calendar.ics", get(calendar::file))
        .route("/cases", get(case::list))
        .route("/cases/start/{matter}", get(case::start).post(case::open))
        .route("/cases/{id}", get(case::show))
        .route("/cases/{id}/withdraw", get(case::withdraw).post(case::withdrawn))
        .route("/cases/{id}/steps/{step}/resubmit", get(case::resubmit).post(case::resubmitted))
        .route("/cases/{id}/needs/{item}", get(case::need))
        .route("/cases/{id}/buy/{listing}", get(buy::show).post(buy::placed))
        .route("/orders", get(orders::list))
        .route("/orders/{id}", get(orders::show))
        .route("/orders/{id}/{step}", get(orders::step).post(orders::done))
        .route("/orders/{id}/deliverables/{number}/passport", get(passport::show))
        .route("/orders/{id}/upload", get(orders::upload).post(orders::uploaded_file))
        .route("/evaluations/{id}/appeal", get(orders::appeal).post(orders::appealed))
}

/// What belongs to somebody's own account, and to who acts for whom.
fn account_pages() -> Router<App> {
    Router::new()
        .route("/account/second-factor/enrol", get(second_factor::begin).post(second_factor::begun))
        .route(
            "/account/second-factor/confirm",
            get(second_factor::confirm).post(second_factor::confirmed),
        )
        .route("/account/second-factor/give-up", get(second_factor::end).post(second_factor::ended))
        .route("/account/password", get(password::change).post(password::changed))
        .route("/account/leave", get(members::leave).post(members::left))
        .route("/members", get(members::list))
        .route("/members/invite", get(members::invite).post(members::invited))
        .route(
            "/members/invitations/{id}/revoke",
            get(members::take_back).post(members::taken_back),
        )
        .route("/members/{person}/{step}", get(members::step).post(members::done))
        .route("/join", get(members::ask).post(members::looked))
        .route("/join/sign-in", post(members::sign_in_first))
        .route("/join/accept", get(members::ask).post(members::accepted))
        .route("/join/new", get(members::ask).post(members::join))
}

/// Signing in by another provider.
fn provider_pages() -> Router<App> {
    Router::new()
        .route("/sign-in/with/{provider}", get(provider::depart))
        .route("/sign-in/with/{provider}/callback", get(provider::come_back))
        .route("/sign-in/code", get(provider::code).post(provider::coded))
        .route("/sign-in/new", get(provider::unknown))
        .route("/sign-in/join", get(provider::join).post(provider::joined))
        .route("/sign-in/sign-up", get(provider::sign_up).post(provider::signed_up))
        .route("/account/identities", get(identities::show))
        .route("/account/identities/with/{provider}", get(identities::depart_to_link))
        .route("/account/identities/confirm", get(identities::confirm).post(identities::confirmed))
        .route(
            "/account/identities/{id}/unlink",
            get(identities::unlink).post(identities::unlinked),
        )
}

/// The pages of mail.
fn mail_pages() -> Router<App> {
    Router::new()
        .route("/account/mail", get(mail::show))
        .route("/account/mail/address", get(mail::address).post(mail::addressed))
        .route("/account/mail/confirm", get(mail::confirm).post(mail::confirmed))
        .route("/account/mail/remove", get(mail::remove).post(mail::removed))
        .route("/account/mail/kinds", get(mail::kinds).post(mail::chosen))
        .route("/mail/stop/{stop}", get(mail::stopping).post(mail::stopped))
}

/// The pages of purchases and complaints for those who take part.
fn purchase_pages() -> Router<App> {
    Router::new()
        .route("/purchases/mine", get(own::list))
        .route("/purchases/new", get(own::begin).post(own::begun))
        .route("/purchases/{id}/manage", get(own::show))
        .route("/purchases/{id}/manage/{step}", get(own::step).post(own::done))
        .route("/purchases/{id}/rewrite/{step}", get(own::revise).post(own::revised))
        .route("/purchases/{id}/questions/{question}/answer", get(own::answer).post(own::answered))
        .route("/purchases/{id}/complain", get(complaint::complain).post(complaint::filed))
        .route("/complaints", get(complaint::list))
        .route("/complaints/{id}", get(complaint::show))
        .route("/complaints/{id}/withdraw", get(complaint::withdraw).post(complaint::withdrawn))
}

/// The pages of agencies, and of what any party has for its programs.
fn agency_pages() -> Router<App> {
    Router::new()
        .route("/keys", get(programs::keys))
        .route("/keys/new", get(programs::new_key).post(programs::made_key))
        .route("/keys/{id}/revoke", get(programs::revoke_key).post(programs::revoked_key))
        .route("/webhooks", get(programs::webhooks))
        .route("/webhooks/new", get(programs::new_webhook).post(programs::made_webhook))
        .route("/webhooks/{id}/{step}", get(programs::webhook).post(programs::changed_webhook))
        .route("/purchases/open", get(entry::open))
        .route("/registrations", get(entry::list))
        .route("/purchases/{id}/registration", get(entry::show))
        .route("/purchases/{id}/registration/quote", get(entry::quote).post(entry::quoted))
        .route("/purchases/{id}/registration/{step}", get(entry::step).post(entry::done))
        .route("/agencies/new", get(admission::begin).post(admission::applied))
        .route("/agency", get(admission::show))
        .route("/agency/credit", get(admission::credit))
        .route("/agency/{step}", get(admission::step).post(admission::done))
        .route("/agency/qualifications/new", get(admission::choose))
        .route("/agency/qualifications/add", get(admission::add).post(admission::added))
        .route("/agency/practitioners/new", get(admission::hire).post(admission::hired))
        .route("/agency/practitioners/{id}/remove", get(admission::remove).post(admission::removed))
        .route("/listings", get(listings::list))
        .route("/listings/new", get(listings::begin).post(listings::begun))
        .route("/listings/import", get(listings::import).post(listings::imported))
        .route("/listings/{id}/{step}", get(listings::step).post(listings::done))
}
