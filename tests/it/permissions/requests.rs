//! For each operation: the scenes that it is tried in, and what is sent.

use market_core::authority::Seat;
use serde_json::{Value, json};

use super::{
    buying::{choice, promise, quote, secret},
    cast::{Cast, ITEM, certificate, new_agency, new_listing, profile, terms},
    own::{mailbox, webhook},
    scenes::{Scene, code, contract, letter, notice, payment},
};
use crate::harness::PASSWORD;

/// The scenes of an operation, in the first of which whoever may do it can do it. In those after a
/// bar it is the wrong time.
pub(super) fn scenes(operation: &str) -> (&'static [&'static str], &'static [&'static str]) {
    let at: &[&str] = match operation {
        "people_show"
        | "people_tokens"
        | "people_revoke_token"
        | "accounts_change_password"
        | "accounts_sign_out"
        | "accounts_sign_in"
        | "accounts_sessions"
        | "accounts_end_sessions"
        | "accounts_enrol_second_factor"
        | "people_sessions" => &["account"],
        "people_issue" => &["account own"],
        "accounts_end_session" | "accounts_refresh" | "accounts_switch" => &["account session"],
        "people_reset_second_factor" => &["account enrolled"],
        "people_disable"
        | "people_enable"
        | "people_grant"
        | "people_revoke"
        | "people_set_password" => &["account another"],
        "people_set_throttle" => &["throttle"],
        "members_look" | "members_accept" | "members_decline" | "members_join" => &["invitation"],
        "members_disable" | "members_enable" => &["party another"],
        name if name.starts_with("members_") => &["party"],
        "api-keys_of_party" | "api-keys_revoke" => &["party"],
        "agencies_admit" | "agencies_reject" => &["agency applying"],
        "agencies_reapply" => &["agency rejected"],
        "agencies_reinstate" => &["agency suspended"],
        "agencies_show"
        | "agencies_standing"
        | "agencies_qualifications"
        | "agencies_practitioners" => &["agency applying", "agency rejected", "agency admitted"],
        "listings_publish" => &["listing draft"],
        "listings_take_off_shelf" => &["listing published"],
        "listings_change" | "listings_show" | "listings_terms_at" => {
            &["listing draft", "listing published"]
        }
        "cases_approve" | "cases_return_step" => &["case reviewed"],
        "cases_resubmit" => &["case returned"],
        "cases_link" => &["case linkable"],
        "orders_place" | "purchases_create" => &["case open"],
        "orders_show" | "orders_actions" | "orders_timeline" | "orders_list_changes" => {
            &["order placed", "order completed"]
        }
        "orders_accept" | "orders_decline" | "orders_cancel" => &["order placed"],
        "orders_record_contract" => &["order accepted"],
        "orders_confirm_contract" | "orders_reject_contract" => &["order contracted"],
        "orders_deliver" => &["order uploaded"],
        "orders_upload"
        | "orders_terminate"
        | "orders_propose_change"
        | "orders_ledger"
        | "orders_reach_milestone"
        | "orders_pay" => &["order in_service"],
        "orders_approve_change" | "orders_refuse_change" => &["order changing"],
        "orders_withdraw_change" => &["order own-change"],
        "orders_confirm_milestone" => &["order reached"],
        "orders_confirm_payment" | "orders_dispute_payment" => &["order paid"],
        "orders_return_for_rework" | "orders_sign_off" => &["order delivered"],
        "orders_use_deliverable" | "orders_return_deliverable" | "orders_list_deliverables" => {
            &["order signed_off"]
        }
        "orders_download" | "orders_passport" => {
            &["order uploaded", "order delivered", "order signed_off"]
        }
        "purchases_revise" | "purchases_submit" => &["purchase draft"],
        "purchases_approve" | "purchases_send_back" => &["purchase in_review"],
        "purchases_open" => &["purchase opening"],
        "purchases_give_beacon" => &["purchase beacon"],
        "purchases_commit" => &["purchase witness"],
        "purchases_reveal" => &["purchase revealing"],
        "purchases_choose" => &["purchase choosing"],
        "purchases_reply" => &["purchase rounds"],
        "purchases_repurchase" => &["purchase voided"],
        "purchases_replies" => &["purchase replied"],
        "purchases_confirm" | "purchases_decline" => &["purchase awarded"],
        "purchases_registrations" | "publicity_notice" | "draws_proof" => &["purchase publicity"],
        "purchases_show"
        | "purchases_notice_at"
        | "purchases_timeline"
        | "purchases_actions"
        | "purchases_questions" => {
            &["purchase draft", "purchase in_review", "purchase given-up", "purchase open"]
        }
        "publicity_records" | "publicity_releases" => &["purchase open"],
        "complaints_show" | "complaints_actions" | "complaints_withdraw" => {
            &["complaint filed", "complaint investigating", "complaint of_owner"]
        }
        "complaints_accept" | "complaints_refuse" => &["complaint filed", "complaint of_owner"],
        "complaints_uphold" | "complaints_dismiss" => &["complaint investigating"],
        "accounts_applicant" => &["applicant"],
        "saved-searches_remove" | "saved-searches_show" => &["saved"],
        "notices_read" | "notices_read_up_to" | "notices_show" => &["saved notice"],
        "mail_show" | "mail_confirm" | "mail_remove" => &["mailbox"],
        "accounts_unlink" => &["identity"],
        "webhooks_enable" => &["webhook disabled", "webhook of_operator disabled"],
        "webhooks_show"
        | "webhooks_change"
        | "webhooks_disable"
        | "webhooks_remove"
        | "webhooks_rotate_secret"
        | "webhooks_replay"
        | "webhooks_ping"
        | "webhooks_tries" => &["webhook enabled", "webhook of_operator enabled"],
        name if name.starts_with("complaints_file") => &["purchase open"],
        name if name.starts_with("purchases_") && !name.ends_with("_list") => &["purchase open"],
        name if name.starts_with("cases_") => &["case open"],
        name if name.starts_with("agencies_") && !name.ends_with("_list") => &["agency admitted"],
        name if name.starts_with("alarms_") && !name.ends_with("_list") => &["alarm"],
        _ => &["nothing"],
    };
    let early: &[&str] = match operation {
        "purchases_list"
        | "purchases_create"
        | "purchases_own_registrations"
        | "purchases_show"
        | "purchases_notice_at"
        | "purchases_timeline"
        | "purchases_actions"
        | "purchases_questions" => &[],
        "purchases_revise" | "purchases_submit" => &["purchase in_review", "purchase open"],
        "purchases_approve" | "purchases_send_back" => &["purchase draft", "purchase open"],
        "purchases_registrations" => {
            &["purchase draft", "purchase in_review", "purchase open", "purchase voided"]
        }
        name if name.starts_with("purchases_") || name == "complaints_file" => {
            &["purchase draft", "purchase in_review"]
        }
        "complaints_uphold" | "complaints_dismiss" => &["complaint filed", "complaint of_owner"],
        "complaints_accept" | "complaints_refuse" => &["complaint investigating"],
        "listings_publish" => &["listing published"],
        "listings_take_off_shelf" => &["listing draft"],
        _ => &[],
    };
    (at, early)
}

/// Whether a scene is made for each seat by itself.
pub(super) fn is_personal(scene: &str) -> bool {
    [
        "account",
        "party",
        "invitation",
        "saved",
        "webhook",
        "mailbox",
        "identity",
        "order contracted",
        "order changing",
        "order own-change",
    ]
    .iter()
    .any(|personal| scene.starts_with(personal))
}

/// What follows the path.
pub(super) fn query(operation: &str, scene: &Scene) -> String {
    match operation {
        "search_search" => "?q=消防".to_owned(),
        "search_suggest" => "?text=消防".to_owned(),
        "cases_eligibility" => {
            format!("?listing={}", scene.names.get("listing").map_or("", String::as_str))
        }
        "orders_upload" => "?name=report.txt&media_type=text/plain".to_owned(),
        _ => String::new(),
    }
}

/// The code of a path that names something of the catalogue.
pub(super) fn catalogue(operation: &str) -> &'static str {
    match operation {
        "catalogue_department" | "catalogue_put_opening_key" => "fire-rescue",
        "catalogue_region" => "330282",
        "catalogue_item" | "catalogue_item_version" => ITEM,
        _ => "open-restaurant",
    }
}

/// What is sent.
pub(super) fn body(cast: &Cast<'_>, operation: &str, scene: &Scene) -> Option<Value> {
    let name = |name: &str| scene.names.get(name).cloned().unwrap_or_default();
    let agency = || {
        let fresh = new_agency();
        json!({ "name": fresh["name"], "region": "330282", "profile": profile() })
    };
    let reason = || json!({ "reason": "情况有变" });
    Some(match operation {
        "accounts_sign_in" => json!({ "login": name("login"), "password": PASSWORD }),
        "accounts_sign_up" => json!({
            "login": name("login"), "name": "王小明", "password": PASSWORD,
            "applicant": { "kind": "natural", "name": "王小明", "phone": "13800000000" },
        }),
        "accounts_change_password" => json!({ "current": PASSWORD, "new": "battery staple" }),
        "accounts_refresh" => json!({ "refresh_token": name("refresh") }),
        "accounts_switch" => {
            json!({ "party": serde_json::from_str::<Value>(&name("own")).unwrap() })
        }
        "accounts_enrol_second_factor" => json!({ "password": PASSWORD }),
        "people_set_throttle" => json!({ "burst": 20, "seconds": 60 }),
        "members_set_role" => json!({ "role": "viewer" }),
        "members_invite" => json!({ "role": "member", "name": "李明" }),
        "members_look" | "members_accept" | "members_decline" | "mail_confirm" => {
            json!({ "code": name("code") })
        }
        "members_join" => json!({
            "code": name("code"), "login": name("login"), "name": "李明", "password": PASSWORD,
        }),
        "api-keys_make" => {
            let expires_at = cast.app.market.env().now().plus_seconds(24 * 60 * 60);
            json!({ "name": "订单同步", "scopes": ["read"], "expires_at": expires_at })
        }
        "accounts_register" => {
            json!({ "kind": "other", "name": "又一家面馆", "phone": "0574-00000004" })
        }
        "people_create" => json!({ "login": name("login"), "name": "新人" }),
        "people_grant" => json!({ "party": cast.party(Seat::Owner) }),
        "people_set_password" => json!({ "password": "battery staple" }),
        "people_issue" => serde_json::from_str(&name("label")).unwrap(),
        "agencies_apply" => new_agency(),
        "agencies_change" | "agencies_reapply" => agency(),
        "agencies_reject" => json!({ "reasons": ["材料不齐"] }),
        "agencies_suspend" => json!({ "months": 3, "reason": "投诉属实" }),
        "agencies_add_qualification" => certificate(),
        "agencies_add_practitioner" => json!({
            "name": "王某", "specialty": "fire-technical-service",
            "certificate": certificate()["number"], "valid_until": "2028-12-31",
        }),
        "alarms_acknowledge" => json!({ "note": "已约谈业主" }),
        "cases_open" => json!({
            "matter": "open-restaurant", "title": "开一家面馆", "region": "330282",
            "fund": "social",
        }),
        "cases_link" => json!({ "order_id": name("order") }),
        "complaints_dismiss" | "complaints_uphold" => json!({ "decision": "查实如此" }),
        "complaints_file" => letter(),
        "catalogue_put_opening_key" => {
            let key = market_core::sealing::SupervisorKey::new(&market_core::Env::real());
            json!({ "opening_key": key.public() })
        }
        "listings_create" => new_listing(),
        "listings_change" => {
            let mut changed = terms();
            changed["title"] = json!(format!("消防设施检测 {}", super::cast::fresh()));
            changed
        }
        "orders_place" => cast.new_order(&name("id")),
        "orders_propose_change" => json!({ "reason": "延期", "ends_on": "2027-01-15" }),
        "orders_deliver" => json!({ "deliverable": 1 }),
        "orders_reach_milestone" => json!({ "note": "已进场" }),
        "orders_pay" => payment(),
        "orders_record_contract" => contract(),
        "orders_return_deliverable" | "orders_return_for_rework" => {
            json!({ "code": "incomplete", "note": "缺附件" })
        }
        "purchases_create" => {
            json!({ "case_id": name("id"), "item": ITEM, "notice": notice(cast, "lowest_price") })
        }
        "purchases_revise" => notice(cast, "lowest_price"),
        "purchases_correct" => {
            let mut corrected = scene.thing["notice"].clone();
            let later = cast.app.market.env().now().plus_seconds(14 * 24 * 60 * 60);
            corrected["closes_at"] = json!(later);
            corrected["content"] = json!("检测消防设施并出具报告，另附照片");
            corrected
        }
        "purchases_submit" | "purchases_open" => json!({ "opening_code": code() }),
        "purchases_give_beacon" => json!({ "value": "3210.98" }),
        "purchases_choose" => choice(scene),
        "purchases_commit" => json!({ "sha256": promise(&name("purchase")) }),
        "purchases_reveal" => json!({ "value": secret() }),
        "purchases_ask" | "purchases_answer" => json!({ "text": "可以" }),
        "purchases_quote" => quote(scene),
        "purchases_register" => json!({ "practitioners": [] }),
        "purchases_reply" => {
            json!({ "registration_id": name("registration"), "text": "请再优惠" })
        }
        "notices_prefer" => json!([{ "kind": "order", "told": false }]),
        "mail_put" => mailbox(),
        "webhooks_register" => webhook(),
        "webhooks_change" => json!({ "description": "另一系统" }),
        "webhooks_replay" => json!({ "after": 0 }),
        "saved-searches_save" => {
            json!({ "name": "消防检测", "query": { "item": [ITEM], "region": ["330282"] } })
        }
        "vocabulary_put" => json!({ "kind": "saying", "names": ["消防设施检测"] }),
        "agencies_leave"
        | "cases_return_step"
        | "cases_withdraw"
        | "complaints_refuse"
        | "orders_cancel"
        | "orders_refuse_change"
        | "orders_decline"
        | "orders_dispute_payment"
        | "orders_reject_contract"
        | "orders_terminate"
        | "purchases_decline"
        | "purchases_send_back"
        | "purchases_void"
        | "members_disable" => reason(),
        _ => return None,
    })
}
