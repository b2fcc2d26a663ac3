use super::*;
use crate::{
    Party, Refusal,
    case::Fund,
    order::{
        NewDeliverable, NewHandOver, NewReturn, ReturnCode,
        tests::world::{World, acting},
    },
    signing::SigningKey,
    testing::on_both,
};

on_both! {
    async fn a_passport_says_who_handed_over_what_and_who_used_it(url: &str) {
        let world = World::new(url, Fund::Social).await;
        let (market, orders) = (&world.market, world.market.orders());
        let placed = world.place().await.unwrap();
        let accepted = orders.accept(&world.agency, placed.id).await.unwrap();
        let order = world.in_service(accepted, world.contract()).await;
        world.pass(1);
        world.deliver(&order).await;
        let (code, note) = (ReturnCode::Other, "缺页".to_owned());
        orders.return_for_rework(&world.applicant, order.id, NewReturn { code, note }).await.unwrap();
        world.pass(1);
        world.deliver(&order).await;
        let passport = async |actor: &Actor, number: i64| {
            market.passports().of(actor, order.id, number).await.unwrap()
        };
        let before = passport(&world.applicant.actor, 2).await;
        assert_eq!((before.order.state.as_str(), before.accepted_on), ("delivered", None));
        let signed_off = orders.sign_off(&world.applicant, order.id).await.unwrap();
        let AnyState::SignedOff(state) = &signed_off.state else { panic!("{signed_off:?}") };
        let department = acting(Party::Department(state.uses[0].department.clone()));

        // What the agency loses later, the passport of what it handed over keeps.
        let agency = market.agencies().get(None, signed_off.terms.agency_id).await.unwrap();
        let held = market.agencies().qualifications(None, agency.id).await.unwrap();
        market.agencies().revoke_qualification(&acting(Party::Operator), agency.id, held[0].id)
            .await
            .unwrap();
        world.pass(1);
        orders.use_deliverable(&department, order.id).await.unwrap();

        let told = passport(&department.actor, 2).await;
        assert_eq!(told.versions.iter().map(|one| one.number).collect::<Vec<_>>(), [1, 2]);
        let by = told.handed_over.clone().unwrap();
        assert_eq!((&by.agency, &by.uscc), (&agency.name, &agency.uscc));
        assert_eq!((by.certificates.len(), by.certificates[0].number.as_str()), (1, "证书-001"));
        assert_eq!(told.versions[1].handed_over_at, Some(by.at));
        assert!(told.uses[0].used_at.is_some() && told.accepted_on.is_some());
        assert_eq!(told, passport(&world.agency.actor, 2).await, "it is the same for everybody");
        let returned = passport(&world.agency.actor, 1).await;
        assert_eq!((returned.accepted_on, returned.uses.len(), returned.versions.len()), (None, 0, 1));
        let bytes = told.to_bytes().unwrap();
        assert_eq!(Passport::from_bytes(&bytes).unwrap(), told);
        told.is_signed_by(&[market.signing().keys().await.unwrap()[0].public_key.clone()]).unwrap();

        assert_eq!(market.passports().verify(&bytes).await.unwrap(), Ok(told.clone()));
        let mut forged = told.clone();
        let key = SigningKey::of_seed("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=").unwrap();
        forged.key = key.public();
        forged.signature = key.sign(&forged.signed().unwrap());
        let found = market.passports().verify(&forged.to_bytes().unwrap()).await.unwrap();
        assert_eq!(found, Err(NotAPassport::OtherKey(key.public())));
        // A new key leaves what the old one signed.
        market.webhooks().rotate_key(&acting(Party::Operator)).await.unwrap();
        world.pass(8);
        let keys = market.signing().keys().await.unwrap();
        let keys: Vec<_> = keys.into_iter().map(|key| key.public_key).collect();
        told.is_signed_by(&keys).unwrap();
        let anew = passport(&department.actor, 2).await;
        assert_ne!(anew.key, told.key);
        assert_eq!(anew.order, told.order);
    }

    async fn a_practitioner_of_the_agency_answers_for_a_deliverable(url: &str) {
        let world = World::new(url, Fund::Social).await;
        let orders = world.market.orders();
        let placed = world.place().await.unwrap();
        let accepted = orders.accept(&world.agency, placed.id).await.unwrap();
        let order = world.in_service(accepted, world.contract()).await;
        let specialty = world.market.agencies().qualifications(None, order.terms.agency_id).await;
        let new = crate::agency::NewPractitioner {
            name: "赵某".to_owned(),
            specialty: specialty.unwrap()[0].kind.clone(),
            certificate: "注册-001".to_owned(),
            valid_until: world.env().now().day().plus(10),
        };
        let agencies = world.market.agencies();
        let practitioner = agencies.add_practitioner(&world.agency, order.terms.agency_id, new).await;
        let practitioner = practitioner.unwrap().id;
        let new = NewDeliverable {
            name: "报告.txt".to_owned(),
            media_type: "text/plain".to_owned(),
            sha256: crate::sha256_hex("报告".as_bytes()),
        };
        let files = world.market.deliverables();
        files.upload(&world.agency, order.id, new, "报告".into()).await.unwrap();
        let hand_over = |practitioner| {
            let new = NewHandOver { deliverable: 1, practitioner: Some(practitioner) };
            orders.hand_over(&world.agency, order.id, new)
        };
        let stranger = crate::id::PractitionerId(world.env().id());
        let refused = hand_over(stranger).await;
        assert!(matches!(refused, Err(Error::Refused(Refusal::PractitionerUnfit))), "{refused:?}");
        hand_over(practitioner).await.unwrap();
        let passport = world.market.passports().of(&world.applicant.actor, order.id, 1).await.unwrap();
        let by = passport.handed_over.unwrap().practitioner.unwrap();
        assert_eq!((by.name.as_str(), by.certificate.as_str()), ("赵某", "注册-001"));
    }

    async fn no_byte_of_a_passport_can_be_changed(url: &str) {
        let world = World::new(url, Fund::Social).await;
        let orders = world.market.orders();
        let placed = world.place().await.unwrap();
        let accepted = orders.accept(&world.agency, placed.id).await.unwrap();
        let order = world.in_service(accepted, world.contract()).await;
        world.deliver(&order).await;
        let passport = world.market.passports().of(&world.agency.actor, order.id, 1).await.unwrap();
        let bytes = passport.to_bytes().unwrap();
        for at in 0..bytes.len() {
            for change in [1, 0x20] {
                let mut changed = bytes.clone();
                changed[at] ^= change;
                assert!(Passport::from_bytes(&changed).is_err(), "byte {at}");
            }
        }
        for changed in [&bytes[..bytes.len() - 1], &[&bytes, b"\n".as_slice()].concat()] {
            assert!(Passport::from_bytes(changed).is_err());
        }
        // Whoever changes it may sign it, but not with the market's key.
        let stranger = SigningKey::of_seed("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=").unwrap();
        let mut forged = passport.clone();
        (forged.deliverable.sha256, forged.key) = ("0".repeat(64), stranger.public());
        forged.signature = stranger.sign(&forged.signed().unwrap());
        let forged = Passport::from_bytes(&forged.to_bytes().unwrap()).unwrap();
        let keys = [passport.key.clone()];
        assert_eq!(forged.is_signed_by(&keys), Err(NotAPassport::OtherKey(stranger.public())));
        passport.is_signed_by(&keys).unwrap();
        passport.is_of(&passport.deliverable.sha256).unwrap();
        assert!(passport.is_of(&forged.deliverable.sha256).is_err());
    }
}
