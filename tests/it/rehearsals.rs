//! Whole stories, each of whose steps is rehearsed before it is taken, and taken on the version that
//! whoever takes it has seen.

use crate::harness::{TestApp, on_both};

on_both! {
    async fn an_order(app: &TestApp) {
        app.rehearse_first();
        crate::orders::an_order_runs_from_placing_to_use_and_the_case_moves_on::run(app).await;
    }

    async fn steps_out_of_turn(app: &TestApp) {
        app.rehearse_first();
        crate::orders::each_side_takes_its_own_steps_and_strangers_see_nothing::run(app).await;
    }

    async fn reuse(app: &TestApp) {
        app.rehearse_first();
        crate::orders::a_completed_order_serves_another_case_of_its_applicant::run(app).await;
    }

    async fn milestones_and_payments(app: &TestApp) {
        app.rehearse_first();
        crate::ledger::milestones_are_reached_confirmed_and_due_one_by_one::run(app).await;
    }

    async fn changes(app: &TestApp) {
        app.rehearse_first();
        crate::ledger::a_change_is_proposed_by_one_side_and_approved_by_the_other::run(app).await;
    }

    async fn a_purchase_of_fiscal_money(app: &TestApp) {
        app.rehearse_first();
        crate::purchase_steps::with_fiscal_money_the_operator_publishes::run(app).await;
    }

    async fn registrations(app: &TestApp) {
        app.rehearse_first();
        crate::purchase_steps::who_withdraws_is_not_on_the_list_and_may_come_back::run(app).await;
    }

    async fn a_winner_who_declines(app: &TestApp) {
        app.rehearse_first();
        crate::purchase_steps::who_is_next_in_line_follows_a_winner_who_declines::run(app).await;
    }

    async fn a_draw_with_a_witness(app: &TestApp) {
        app.rehearse_first();
        crate::openings::a_witness_and_a_public_number_become_part_of_the_draw::run(app).await;
    }

    async fn questions(app: &TestApp) {
        app.rehearse_first();
        crate::purchases::questions_are_answered_in_public_and_their_askers_hidden::run(app).await;
    }

    async fn saved_searches(app: &TestApp) {
        app.rehearse_first();
        crate::asked::a_saved_search_tells_its_owner_of_what_is_new::run(app).await;
    }

    async fn signing_up(app: &TestApp) {
        app.rehearse_first();
        crate::accounts::a_person_signs_up_signs_in_and_signs_out::run(app).await;
    }

    async fn accounts_and_tokens(app: &TestApp) {
        app.rehearse_first();
        crate::accounts::the_operator_gives_accounts_and_people_make_tokens::run(app).await;
    }

    async fn vocabulary(app: &TestApp) {
        app.rehearse_first();
        crate::vocabulary::the_operator_says_what_a_phrase_means::run(app).await;
    }
}

on_both! {
    loaded:

    async fn complaints(app: &TestApp) {
        app.rehearse_first();
        Box::pin(crate::complaints::a_complaint_runs_from_its_filing_to_its_decision::run(app))
            .await;
    }

    async fn admission(app: &TestApp) {
        app.rehearse_first();
        crate::agencies::an_agency_applies_and_is_admitted::run(app).await;
    }

    async fn suspension(app: &TestApp) {
        app.rehearse_first();
        crate::agencies::an_agency_is_suspended_and_reinstated::run(app).await;
    }

    async fn listings(app: &TestApp) {
        app.rehearse_first();
        crate::agencies::a_listing_is_drafted_published_changed_and_taken_off::run(app).await;
    }

    async fn opening_keys(app: &TestApp) {
        app.rehearse_first();
        crate::departments::a_department_registers_its_opening_key::run(app).await;
    }

    async fn imports(app: &TestApp) {
        app.rehearse_first();
        crate::listing_import::a_sheet_is_imported_whole_and_changes_nothing_twice::run(app).await;
    }
}
