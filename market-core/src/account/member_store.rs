//! Roles, invitations and the state of parties in the database.

use sqlx::FromRow;

use super::{
    invitation::{Invitation, InvitationState},
    member::{Member, Membership, PartyState},
    reach::Role,
    store::party,
};
use crate::{
    Error, Party, Timestamp,
    id::{InvitationId, PersonId},
    store::{Db, Tx, statements},
};

statements! {
    ROLE = "select role from memberships where person_id = $1 and party = $2";
    SET_ROLE = "update memberships set role = $3 where person_id = $1 and party = $2";
    OTHER_ADMINS = "\
        select cast(count(*) as bigint) from memberships m join people p on p.id = m.person_id \
        where m.party = $1 and m.role = 'admin' and m.person_id <> $2 and not p.disabled";
    MEMBERS = "\
        select m.person_id, p.login, p.name, m.role, p.disabled, m.created_at \
        from memberships m join people p on p.id = m.person_id \
        where m.party = $1 order by m.created_at, m.person_id limit 1000";
    ROLES = "\
        select m.party, m.role from memberships m join people p on p.id = m.person_id \
        where m.person_id = $1 and not p.disabled";
    OF_PERSON = "\
        select party, role, created_at from memberships where person_id = $1 \
        order by created_at, party";
    HOLD_PARTY = "\
        insert into parties (party, disabled, reason, version, updated_at) \
        values ($1, $2, '', 0, $3) on conflict (party) do update set version = parties.version";
    PARTY = "select disabled, reason, version from parties where party = $1";
    SET_PARTY = "\
        update parties set disabled = $2, reason = $3, version = $4, updated_at = $5 \
        where party = $1";
    INSERT_INVITATION = "\
        insert into invitations (id, digest, party, role, name, invited_by, created_at, \
        expires_at, state) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    INVITATION = "\
        select id, party, role, name, invited_by, created_at, expires_at, state, answered_by, \
        answered_at from invitations where id = $1";
    BY_CODE = "\
        select id, party, role, name, invited_by, created_at, expires_at, state, answered_by, \
        answered_at from invitations where digest = $1";
    INVITATIONS = "\
        select id, party, role, name, invited_by, created_at, expires_at, state, answered_by, \
        answered_at from invitations where party = $1 order by id desc limit 1000";
    OPEN_BY = "\
        select id, party, role, name, invited_by, created_at, expires_at, state, answered_by, \
        answered_at from invitations where invited_by = $1 and state = 'open' and expires_at > $2 \
        order by id";
    OPEN = "\
        select cast(count(*) as bigint) from invitations \
        where party = $1 and state = 'open' and expires_at > $2";
    ANSWER = "\
        update invitations set state = $2, answered_by = $3, answered_at = $4 where id = $1";
}

#[derive(FromRow)]
struct MemberRow {
    person_id: PersonId,
    login: String,
    name: String,
    role: Role,
    disabled: bool,
    created_at: Timestamp,
}

#[derive(FromRow)]
struct InvitationRow {
    id: InvitationId,
    party: String,
    role: Role,
    name: String,
    invited_by: PersonId,
    created_at: Timestamp,
    expires_at: Timestamp,
    state: InvitationState,
    answered_by: Option<PersonId>,
    answered_at: Option<Timestamp>,
}

impl TryFrom<InvitationRow> for Invitation {
    type Error = Error;

    fn try_from(row: InvitationRow) -> Result<Self, Error> {
        Ok(Self {
            id: row.id,
            party: party(&row.party)?,
            role: row.role,
            name: row.name,
            invited_by: row.invited_by,
            created_at: row.created_at,
            expires_at: row.expires_at,
            state: row.state,
            answered_by: row.answered_by,
            answered_at: row.answered_at,
        })
    }
}

impl Tx {
    /// As what a person may act for a party, if at all.
    pub(super) async fn role(
        &mut self,
        person: PersonId,
        party: &Party,
    ) -> Result<Option<Role>, Error> {
        let role = self.query(ROLE).bind(person).bind(party.to_string());
        Ok(role.optional::<(Role,)>().await?.map(|(role,)| role))
    }

    /// For whom a person may act who is not disabled, and as what.
    pub(super) async fn roles(&mut self, person: PersonId) -> Result<Vec<(Party, Role)>, Error> {
        let rows: Vec<(String, Role)> = self.query(ROLES).bind(person).all().await?;
        rows.into_iter().map(|(text, role)| Ok((party(&text)?, role))).collect()
    }

    pub(super) async fn set_role(
        &mut self,
        person: PersonId,
        party: &Party,
        role: Role,
    ) -> Result<(), Error> {
        let set = self.query(SET_ROLE).bind(person).bind(party.to_string()).bind(role);
        set.execute().await.map(drop)
    }

    /// How many admins a party has beside one, who can sign in.
    pub(super) async fn count_other_admins(
        &mut self,
        party: &Party,
        but: PersonId,
    ) -> Result<i64, Error> {
        let count = self.query(OTHER_ADMINS).bind(party.to_string()).bind(but);
        Ok(count.one::<(i64,)>().await?.0)
    }

    /// Holds a party until this unit of work ends, so that changes of who acts for it follow one
    /// another; and how it stands.
    pub(super) async fn hold_party(&mut self, party: &Party) -> Result<PartyState, Error> {
        let at = self.at;
        self.query(HOLD_PARTY).bind(party.to_string()).bind(false).bind(at).execute().await?;
        self.party_state(party).await?.ok_or(Error::Inconsistent("party"))
    }

    /// How a party stands, of which that was ever asked.
    pub(super) async fn party_state(&mut self, party: &Party) -> Result<Option<PartyState>, Error> {
        let found: Option<(bool, String, i64)> =
            self.query(PARTY).bind(party.to_string()).optional().await?;
        Ok(found.map(|(disabled, reason, version)| PartyState {
            party: party.clone(),
            disabled,
            reason,
            version,
        }))
    }

    pub(super) async fn set_party_state(&mut self, state: &PartyState) -> Result<(), Error> {
        let at = self.at;
        let set = self.query(SET_PARTY).bind(state.party.to_string()).bind(state.disabled);
        set.bind(&state.reason).bind(state.version).bind(at).execute().await.map(drop)
    }

    pub(super) async fn insert_invitation(
        &mut self,
        invitation: &Invitation,
        digest: &str,
    ) -> Result<(), Error> {
        self.query(INSERT_INVITATION)
            .bind(invitation.id)
            .bind(digest)
            .bind(invitation.party.to_string())
            .bind(invitation.role)
            .bind(&invitation.name)
            .bind(invitation.invited_by)
            .bind(invitation.created_at)
            .bind(invitation.expires_at)
            .bind(invitation.state)
            .execute()
            .await
            .map(drop)
    }

    /// An invitation as it stands now, held until this unit of work ends.
    pub(super) async fn invitation(
        &mut self,
        id: InvitationId,
    ) -> Result<Option<Invitation>, Error> {
        let query = self.query(INVITATION).bind(id).pg(" for update");
        let row: Option<InvitationRow> = query.optional().await?;
        let found = row.map(Invitation::try_from).transpose()?;
        Ok(found.map(|invitation| invitation.at(self.at)))
    }

    /// The invitation of a code as it stands now, held until this unit of work ends.
    pub(super) async fn invitation_of(
        &mut self,
        digest: &str,
    ) -> Result<Option<Invitation>, Error> {
        let query = self.query(BY_CODE).bind(digest).pg(" for update");
        let row: Option<InvitationRow> = query.optional().await?;
        self.settle_time().await?;
        let found = row.map(Invitation::try_from).transpose()?;
        Ok(found.map(|invitation| invitation.at(self.at)))
    }

    pub(super) async fn invitations(&mut self, party: &Party) -> Result<Vec<Invitation>, Error> {
        let rows: Vec<InvitationRow> =
            self.query(INVITATIONS).bind(party.to_string()).all().await?;
        let at = self.at;
        rows.into_iter().map(|row| Ok(Invitation::try_from(row)?.at(at))).collect()
    }

    /// The invitations of a person that await an answer, held until this unit of work ends.
    pub(super) async fn open_invitations_by(
        &mut self,
        person: PersonId,
    ) -> Result<Vec<Invitation>, Error> {
        let at = self.at;
        let query = self.query(OPEN_BY).bind(person).bind(at).pg(" for update");
        let rows: Vec<InvitationRow> = query.all().await?;
        rows.into_iter().map(Invitation::try_from).collect()
    }

    /// How many invitations of a party await an answer.
    pub(super) async fn count_invitations(&mut self, party: &Party) -> Result<i64, Error> {
        let at = self.at;
        let (count,): (i64,) = self.query(OPEN).bind(party.to_string()).bind(at).one().await?;
        Ok(count)
    }

    pub(super) async fn save_answer(&mut self, invitation: &Invitation) -> Result<(), Error> {
        let save = self.query(ANSWER).bind(invitation.id).bind(invitation.state);
        let save = save.bind(invitation.answered_by).bind(invitation.answered_at);
        save.execute().await.map(drop)
    }
}

impl Db {
    pub(super) async fn members(&self, party: &Party) -> Result<Vec<Member>, Error> {
        let rows: Vec<MemberRow> = self.query(MEMBERS).bind(party.to_string()).all().await?;
        let member = |row: MemberRow| {
            let MemberRow { person_id, login, name, role, disabled, created_at: since } = row;
            Member { person_id, login, name, role, disabled, since }
        };
        Ok(rows.into_iter().map(member).collect())
    }

    pub(super) async fn memberships(&self, person: PersonId) -> Result<Vec<Membership>, Error> {
        let rows: Vec<(String, Role, Timestamp)> = self.query(OF_PERSON).bind(person).all().await?;
        let membership = |(text, role, since): (String, _, _)| {
            Ok(Membership { party: party(&text)?, role, since })
        };
        rows.into_iter().map(membership).collect()
    }
}
