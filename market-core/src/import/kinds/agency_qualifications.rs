//! `agency-qualifications.csv`.

use std::collections::BTreeMap;

use super::{
    UNKNOWN_QUALIFICATION,
    agencies::{USCC, agency_of, by_uscc, written},
};
use crate::{
    Change, Env, Error, Uscc,
    agency::{Agency, Qualification, record::QualificationRecord},
    catalog::QualificationType,
    code::QualificationKind,
    id::{AgencyId, QualificationId},
    import::{
        columns::{Column, optional, required},
        row::Row,
        run::{Pack, file_with_marks, mark},
        table::{Block, Table},
    },
    store::{Db, Tx},
};

/// Agencies' certificates.
pub(in crate::import) struct AgencyQualifications;

/// The agencies and kinds that rows name, and the certificates that are there.
pub(in crate::import) struct Known {
    agencies: BTreeMap<Uscc, Agency>,
    kinds: BTreeMap<QualificationKind, QualificationType>,
    certificates: BTreeMap<Key, Qualification>,
}

/// What tells a certificate from others.
type Key = (AgencyId, QualificationKind, String);

impl Pack for AgencyQualifications {
    const COLUMNS: &'static [Column] = &[
        required("uscc", USCC),
        required("kind", &["资质代码", "资质类别代码"]),
        required("level", &["等级代码"]),
        optional("majors", &["专业"]),
        required("number", &["证书编号", "证号"]),
        required("issuer", &["发证机关", "颁发机关"]),
        required("valid_from", &["有效期起", "发证日期"]),
        required("valid_until", &["有效期至", "有效期止"]),
        optional("revoked", &["已吊销", "吊销"]),
    ];
    type Known = Known;
    type Thing = QualificationRecord;

    async fn known(tx: &mut Tx) -> Result<Known, Error> {
        let agencies = by_uscc(tx).await?;
        let kinds = tx.qualification_types().await?;
        let certificates = tx.all_qualifications().await?;
        let key = |of: &Qualification| (of.agency_id, of.kind.clone(), of.number.clone());
        Ok(Known {
            agencies,
            kinds: kinds.into_iter().map(|kind| (kind.kind.clone(), kind)).collect(),
            certificates: certificates.into_iter().map(|of| (key(&of), of)).collect(),
        })
    }

    fn read(table: &mut Table<'_>, known: &Known) -> Vec<Block<QualificationRecord>> {
        table.each(|row| read_row(row, known))
    }

    async fn put(
        tx: &mut Tx,
        env: &Env,
        known: &mut Known,
        record: &QualificationRecord,
    ) -> Result<Change, Error> {
        let Known { agencies, kinds, certificates } = known;
        let agency = agencies.get_mut(&record.uscc).ok_or(Error::NotFound("agency"))?;
        let kind = kinds.get(&record.kind).ok_or(Error::NotFound("qualification kind"))?;
        let key = (agency.id, record.kind.clone(), record.number.clone());
        let (before, id) = (certificates.get(&key), QualificationId(env.id()));
        let (_, change) = tx.put_qualification(record, agency, kind, before, id).await?;
        Ok(change)
    }

    async fn text(db: &Db) -> Result<String, Error> {
        let uscc = written(db).await?;
        let mut records: Vec<_> = db
            .all_qualifications()
            .await?
            .iter()
            .filter_map(|of| Some(QualificationRecord::of(uscc.get(&of.agency_id)?, of)))
            .collect();
        records.sort_by(|one, other| {
            (&one.uscc, &one.kind, &one.number).cmp(&(&other.uscc, &other.kind, &other.number))
        });
        Ok(file_with_marks(Self::COLUMNS, records.into_iter().map(cells).collect()))
    }
}

fn read_row(row: &mut Row, known: &Known) -> Option<QualificationRecord> {
    let agency = agency_of(row, &known.agencies);
    let is_kind = |code: &QualificationKind| known.kinds.contains_key(code);
    let kind = row.known("kind", is_kind, UNKNOWN_QUALIFICATION);
    let level = row.code("level");
    let majors = row.list("majors");
    let number = row.raw("number").to_owned();
    let issuer = row.raw("issuer").to_owned();
    let (valid_from, valid_until) = (row.day("valid_from"), row.day("valid_until"));
    let revoked = row.mark("revoked").unwrap_or(false);
    let (agency, kind) = (agency?, kind?);
    row.alone("number", format!("{} {kind} {number}", agency.uscc));
    let record = QualificationRecord {
        uscc: agency.uscc.clone(),
        kind,
        level: level?,
        majors,
        number,
        issuer,
        valid_from: valid_from?,
        valid_until: valid_until?,
        revoked,
    };
    row.faults(record.faults(known.kinds.get(&record.kind)?));
    Some(record)
}

fn cells(of: QualificationRecord) -> Vec<String> {
    vec![
        of.uscc.to_string(),
        of.kind.to_string(),
        of.level.to_string(),
        super::joined(&of.majors),
        of.number,
        of.issuer,
        of.valid_from.to_string(),
        of.valid_until.to_string(),
        mark(of.revoked),
    ]
}
