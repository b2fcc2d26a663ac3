//! `practitioners.csv`.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    UNKNOWN_QUALIFICATION,
    agencies::{USCC, agency_of, by_uscc, written},
};
use crate::{
    Change, Env, Error, Uscc,
    agency::{Agency, Practitioner, record::PractitionerRecord},
    code::QualificationKind,
    id::{AgencyId, PractitionerId},
    import::{
        columns::{Column, required},
        row::Row,
        run::{Pack, file},
        table::{Block, Table},
    },
    store::{Db, Tx},
};

/// Agencies' practitioners.
pub(in crate::import) struct Practitioners;

/// The agencies and kinds that rows name, and the practitioners that are there.
pub(in crate::import) struct Known {
    agencies: BTreeMap<Uscc, Agency>,
    kinds: BTreeSet<QualificationKind>,
    practitioners: BTreeMap<(AgencyId, String), Practitioner>,
}

impl Pack for Practitioners {
    const COLUMNS: &'static [Column] = &[
        required("uscc", USCC),
        required("name", &["姓名"]),
        required("specialty", &["专业", "资质代码"]),
        required("certificate", &["证书编号", "证号"]),
        required("valid_until", &["有效期至", "有效期止"]),
    ];
    type Known = Known;
    type Thing = PractitionerRecord;

    async fn known(tx: &mut Tx) -> Result<Known, Error> {
        let agencies = by_uscc(tx).await?;
        let kinds = tx.qualification_types().await?;
        let practitioners = tx.all_practitioners().await?;
        let key = |of: &Practitioner| (of.agency_id, of.certificate.clone());
        Ok(Known {
            agencies,
            kinds: kinds.into_iter().map(|kind| kind.kind).collect(),
            practitioners: practitioners.into_iter().map(|of| (key(&of), of)).collect(),
        })
    }

    fn read(table: &mut Table<'_>, known: &Known) -> Vec<Block<PractitionerRecord>> {
        table.each(|row| read_row(row, known))
    }

    async fn put(
        tx: &mut Tx,
        env: &Env,
        known: &mut Known,
        record: &PractitionerRecord,
    ) -> Result<Change, Error> {
        let Known { agencies, practitioners, .. } = known;
        let agency = agencies.get_mut(&record.uscc).ok_or(Error::NotFound("agency"))?;
        let before = practitioners.get(&(agency.id, record.certificate.clone()));
        let id = PractitionerId(env.id());
        let (_, change) = tx.put_practitioner(record, agency, before, id).await?;
        Ok(change)
    }

    async fn text(db: &Db) -> Result<String, Error> {
        let uscc = written(db).await?;
        let practitioners = db.all_practitioners().await?;
        let mut records: Vec<_> = practitioners
            .iter()
            .filter_map(|of| Some(PractitionerRecord::of(uscc.get(&of.agency_id)?, of)))
            .collect();
        records.sort_by(|one, other| {
            (&one.uscc, &one.certificate).cmp(&(&other.uscc, &other.certificate))
        });
        Ok(file(Self::COLUMNS, records.into_iter().map(cells)))
    }
}

fn read_row(row: &mut Row, known: &Known) -> Option<PractitionerRecord> {
    let agency = agency_of(row, &known.agencies);
    let name = row.raw("name").to_owned();
    let is_kind = |code: &QualificationKind| known.kinds.contains(code);
    let specialty = row.known("specialty", is_kind, UNKNOWN_QUALIFICATION);
    let certificate = row.raw("certificate").to_owned();
    let valid_until = row.day("valid_until");
    let agency = agency?;
    row.alone("certificate", format!("{} {certificate}", agency.uscc));
    let record = PractitionerRecord {
        uscc: agency.uscc.clone(),
        name,
        specialty: specialty?,
        certificate,
        valid_until: valid_until?,
    };
    row.faults(record.faults());
    Some(record)
}

fn cells(of: PractitionerRecord) -> Vec<String> {
    vec![
        of.uscc.to_string(),
        of.name,
        of.specialty.to_string(),
        of.certificate,
        of.valid_until.to_string(),
    ]
}
