use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hpke::{Deserializable, Serializable, kem::X25519HkdfSha256 as Kem};
use proptest::prelude::*;

use super::{
    key::{Private, Public},
    seal::{Random, open_bytes, seal_bytes},
    *,
};
use crate::{Env, id::PurchaseId, kernel::secret::hex, testing::START};

/// A price that nothing else looks like.
const CANARY: &str = "87654321.09";
const CONTEXT: &str = "registration 1 of purchase 1";

fn env() -> Env {
    Env::fixed(START.parse().unwrap())
}

fn purchase(number: u128) -> PurchaseId {
    PurchaseId(uuid::Uuid::from_u128(number))
}

fn unhex(text: &str) -> Vec<u8> {
    let digits = text.as_bytes().chunks(2);
    digits.map(|two| u8::from_str_radix(str::from_utf8(two).unwrap(), 16).unwrap()).collect()
}

/// The secrets of a purchase, and its key.
fn secrets(env: &Env) -> (OpeningCode, PlatformHalf, OpeningKey) {
    let (code, half) = (OpeningCode::new(env), PlatformHalf::new(env));
    let key = OpeningKey::derive(&code, &half, purchase(1));
    (code, half, key)
}

#[test]
fn what_is_sealed_opens_with_code_and_half_together_only() {
    let env = env();
    let (code, half, key) = secrets(&env);
    let sealed = seal(&key.public(), CONTEXT, CANARY.as_bytes(), &env).unwrap();
    // Later, of what was kept.
    let code: OpeningCode = code.reveal().parse().unwrap();
    let half: PlatformHalf = half.reveal().parse().unwrap();
    let opens = |code: &OpeningCode, half: &PlatformHalf, number, context: &str| {
        open(&OpeningKey::derive(code, half, purchase(number)), context, &sealed)
    };
    assert_eq!(opens(&code, &half, 1, CONTEXT).unwrap().as_slice(), CANARY.as_bytes());
    let (other_code, other_half, _) = secrets(&env);
    for (why, opened) in [
        ("code", opens(&other_code, &half, 1, CONTEXT)),
        ("half", opens(&code, &other_half, 1, CONTEXT)),
        ("purchase", opens(&code, &half, 2, CONTEXT)),
        ("context", opens(&code, &half, 1, "registration 2 of purchase 1")),
        ("no context", opens(&code, &half, 1, "")),
    ] {
        assert_eq!(opened, Err(NotSealed), "{why}");
    }
}

#[test]
fn secrets_do_not_change_places() {
    let env = env();
    let (code, half, key) = secrets(&env);
    let (as_code, as_half) = (half.reveal().parse().unwrap(), code.reveal().parse().unwrap());
    assert_ne!(OpeningKey::derive(&as_code, &as_half, purchase(1)).public(), key.public());
}

#[test]
fn no_changed_byte_is_overlooked() {
    let env = env();
    let (_, _, key) = secrets(&env);
    let sealed = seal(&key.public(), CONTEXT, CANARY.as_bytes(), &env).unwrap();
    assert!(open(&key, CONTEXT, &sealed).is_ok());
    for place in 0..sealed.len() {
        let mut changed = sealed.clone().into_bytes();
        changed[place] ^= 1;
        let changed = String::from_utf8(changed).unwrap();
        assert_eq!(open(&key, CONTEXT, &changed), Err(NotSealed), "byte {place}");
    }
    let body = URL_SAFE_NO_PAD.decode(sealed.strip_prefix("hpke1.").unwrap()).unwrap();
    for place in 0..body.len() {
        for bit in [1, 0x80] {
            let mut changed = body.clone();
            changed[place] ^= bit;
            let changed = format!("hpke1.{}", URL_SAFE_NO_PAD.encode(changed));
            assert_eq!(open(&key, CONTEXT, &changed), Err(NotSealed), "byte {place}");
        }
    }
    for short in 0..sealed.len() {
        assert_eq!(open(&key, CONTEXT, &sealed[..short]), Err(NotSealed), "{short}");
    }
    assert_eq!(open(&key, CONTEXT, &format!("{sealed}A")), Err(NotSealed));
}

#[test]
fn nothing_of_a_quote_is_seen_from_outside() {
    let env = env();
    let (code, half, key) = secrets(&env);
    let sealed = seal(&key.public(), CONTEXT, CANARY.as_bytes(), &env).unwrap();
    let body = URL_SAFE_NO_PAD.decode(sealed.strip_prefix("hpke1.").unwrap()).unwrap();
    let secret_code = unhex(&code.reveal());
    let secret_half = unhex(&half.reveal());
    for canary in [CANARY.as_bytes(), &secret_code, &secret_half] {
        let as_text = URL_SAFE_NO_PAD.encode(canary);
        assert!(!contains(&body, canary) && !contains(sealed.as_bytes(), canary));
        assert!(!sealed.contains(&as_text[..as_text.len() - 1]));
    }
    // Were it not sealed, the canary would be found.
    assert!(contains(format!("{{\"quote\":\"{CANARY}\"}}").as_bytes(), CANARY.as_bytes()));

    let again = seal(&key.public(), CONTEXT, CANARY.as_bytes(), &env).unwrap();
    assert_ne!(again, sealed);
    for other in ["", "1.00", "999999999999.99", &"长".repeat(85)] {
        let other = seal(&key.public(), CONTEXT, other.as_bytes(), &env).unwrap();
        assert_eq!(other.len(), sealed.len());
    }
}

fn contains(hay: &[u8], needle: &[u8]) -> bool {
    hay.windows(needle.len()).any(|part| part == needle)
}

#[test]
fn the_same_randomness_seals_the_same_way() {
    let sealed = || {
        let env = env();
        let (_, _, key) = secrets(&env);
        seal(&key.public(), CONTEXT, CANARY.as_bytes(), &env).unwrap()
    };
    assert_eq!(sealed(), sealed());
}

#[test]
fn real_randomness_is_used_up() {
    let env = Env::real();
    let (one, other) = (SupervisorKey::new(&env), SupervisorKey::new(&env));
    assert_ne!(one.public(), other.public());
    let deposits = || deposit(&OpeningCode::new(&env), &one.public(), purchase(1), &env).unwrap();
    assert_ne!(deposits(), deposits());
}

#[test]
fn a_deposit_gives_the_code_to_its_supervisor_alone() {
    let env = env();
    let (code, _, purchase_key) = secrets(&env);
    let supervisor = SupervisorKey::new(&env);
    let sealed = deposit(&code, &supervisor.public(), purchase(1), &env).unwrap();
    let kept: SupervisorKey = supervisor.reveal().parse().unwrap();
    assert_eq!(kept.public(), supervisor.public());
    let opened = open_deposit(&kept, purchase(1), &sealed).unwrap();
    assert_eq!(opened.check(purchase(1)), code.check(purchase(1)));
    assert_eq!(open_deposit(&kept, purchase(2), &sealed), Err(NotSealed));
    assert_eq!(open_deposit(&SupervisorKey::new(&env), purchase(1), &sealed), Err(NotSealed));

    // A quote is no deposit, nor a deposit a quote, whatever key and context they have.
    let context = purchase(1).to_string();
    let quote = seal(&supervisor.public(), &context, &unhex(&code.reveal()), &env).unwrap();
    assert_eq!(open_deposit(&kept, purchase(1), &quote), Err(NotSealed));
    let as_quote = deposit(&code, &purchase_key.public(), purchase(1), &env).unwrap();
    assert_eq!(open(&purchase_key, &context, &as_quote), Err(NotSealed));
}

#[test]
fn what_is_kept_of_a_code_says_nothing_else() {
    let env = env();
    let (code, half, _) = secrets(&env);
    let mut values = vec![
        code.check(purchase(1)),
        code.check(purchase(2)),
        hex(&code.draw_value(purchase(1))),
        hex(&code.draw_value(purchase(2))),
        hex(&half.draw_value(purchase(1))),
        code.reveal().to_string(),
        half.reveal().to_string(),
    ];
    let same: OpeningCode = code.reveal().to_uppercase().parse().unwrap();
    assert_eq!(same.check(purchase(1)), values[0]);
    values.sort();
    values.dedup();
    assert_eq!(values.len(), 7);
}

/// Values that another program computed: SHA-256 of label, zero byte, id and secret; the key with
/// HKDF and X25519 written out in Python.
#[test]
fn derived_values_are_as_published() {
    let code: OpeningCode = "0123456789abcdef".repeat(4).parse().unwrap();
    let half: PlatformHalf = "fedcba9876543210".repeat(4).parse().unwrap();
    let key = OpeningKey::derive(&code, &half, purchase(1));
    for (value, known) in [
        (
            code.check(purchase(1)),
            "d8462ac1bdf9fdbbfcfce07a28e7f088022c03da9b2c0da9238335265cfc20db",
        ),
        (
            hex(&code.draw_value(purchase(1))),
            "fefda86dbf1c25baa975f940a7af6fcf61fbd60a81f2ba9dfba283dabb0c0905",
        ),
        (
            hex(&half.draw_value(purchase(1))),
            "52195a4998cdf42aa66cae3eaf754d694308d6c3763fc1f63d279bae28c85035",
        ),
        (key.public().to_string(), "x25519:VerhZeMo3ILyCPa30m1EfivPoe6hVAXwtRh7t277AEQ"),
    ] {
        assert_eq!(value, known);
    }
}

#[test]
fn secrets_are_never_printed() {
    let env = env();
    let (code, half, key) = secrets(&env);
    let supervisor = SupervisorKey::new(&env);
    assert_eq!(
        format!("{code:?} {half:?} {key:?} {supervisor:?}"),
        "OpeningCode(…) PlatformHalf(…) OpeningKey(…) SupervisorKey(…)"
    );
    let bad = code.reveal().replace('0', "x");
    let why = bad.parse::<OpeningCode>().unwrap_err();
    assert!(!format!("{why} {why:?}").contains(&bad[..8]), "{why}");
}

#[test]
fn what_is_no_code_is_told_why() {
    let good = "0123456789abcdef".repeat(4);
    let cases: [(&str, &str); 6] = [
        ("", "must have 64 hexadecimal digits, has 0 characters"),
        (&good[1..], "must have 64 hexadecimal digits, has 63 characters"),
        (&format!("{good}0"), "must have 64 hexadecimal digits, has 65 characters"),
        (&format!(" {}", &good[1..]), "must have only hexadecimal digits, character 1 is none"),
        (&format!("01开{}", &good[3..]), "must have only hexadecimal digits, character 3 is none"),
        (&format!("+{}", &good[1..]), "must have only hexadecimal digits, character 1 is none"),
    ];
    for (bad, why) in cases {
        assert_eq!(bad.parse::<OpeningCode>().unwrap_err().to_string(), why, "{bad:?}");
    }
    let json = serde_json::from_str::<OpeningCode>(&format!("{good:?}")).unwrap();
    assert_eq!(*json.reveal(), good);
    let why = serde_json::from_str::<OpeningCode>("\"secret\"").unwrap_err().to_string();
    assert_eq!(why, "must have only hexadecimal digits, character 1 is none");
}

#[test]
fn what_is_no_text_is_not_repeated() {
    for secret in ["1234567890123456789", "-987654321", "1.5e300", "true", "null", "[4711]"] {
        let why = serde_json::from_str::<OpeningCode>(secret).unwrap_err().to_string();
        let told = "invalid type: expected a text of 64 hexadecimal digits";
        assert!(why.starts_with(told) && !why.contains(secret), "{why}");
    }
    let why = serde_json::from_str::<PlatformHalf>(r#"{"4711":0}"#).unwrap_err().to_string();
    assert!(!why.contains("4711"), "{why}");
}

#[test]
fn a_code_that_would_be_guessed_is_told_why() {
    let up = hex(&std::array::from_fn::<u8, 32, _>(|n| u8::try_from(n).unwrap()));
    let down = hex(&std::array::from_fn::<u8, 32, _>(|n| 250 - 7 * u8::try_from(n).unwrap()));
    let few: String = "31415926535897932384626433832795"
        .bytes()
        .map(|digit| ["a7", "3c", "91"][usize::from(digit % 3)])
        .collect();
    for (weak, why) in [
        ("0".repeat(64), WeakCode::OneDigit),
        ("F".repeat(64), WeakCode::OneDigit),
        ("01".repeat(32), WeakCode::Repeated(2)),
        ("0123456789abcdef".repeat(4), WeakCode::Repeated(16)),
        ("20261124".repeat(8), WeakCode::Repeated(8)),
        ("3a91c07e5d2b48f6e10c9a7358bd24f6".repeat(2), WeakCode::Repeated(32)),
        (up, WeakCode::Sequence),
        (down, WeakCode::Sequence),
        (few, WeakCode::Uniform(3)),
        (format!("{}1", "0".repeat(63)), WeakCode::Uniform(2)),
    ] {
        let code: OpeningCode = weak.parse().unwrap();
        assert_eq!(code.is_hard_to_guess(), Err(why), "{weak}");
        assert!(!why.to_string().contains(&weak[..8]), "{why}");
    }
    for _ in 0..1000 {
        OpeningCode::new(&Env::real()).is_hard_to_guess().unwrap();
    }
}

#[test]
fn what_is_no_key_is_told_why() {
    let env = env();
    let supervisor = SupervisorKey::new(&env);
    let public = supervisor.public().to_string();
    assert_eq!(public.parse(), Ok(supervisor.public()));
    let private = supervisor.reveal();
    let cases: [(&str, NotAKey); 7] = [
        ("", NotAKey::Prefix("x25519:")),
        (&public[7..], NotAKey::Prefix("x25519:")),
        (&private, NotAKey::Prefix("x25519:")),
        (&public[..public.len() - 1], NotAKey::Shape),
        (&format!("{public}A"), NotAKey::Shape),
        (&format!("{public}="), NotAKey::Shape),
        (&format!("{}+", &public[..public.len() - 1]), NotAKey::Shape),
    ];
    for (bad, why) in cases {
        assert_eq!(bad.parse::<PublicKey>(), Err(why), "{bad}");
    }
    let why = public.parse::<SupervisorKey>().unwrap_err();
    assert_eq!(why, NotAKey::Prefix("x25519-private:"));
}

/// Points of small order, of which the shared secret would be zero for everybody.
#[test]
fn a_weak_key_is_refused() {
    for weak in [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ] {
        let key = PublicKey::of_bytes(&unhex(weak));
        assert_eq!(key.as_str().parse::<PublicKey>(), Err(NotAKey::Weak), "{weak}");
        assert_eq!(seal(&key, CONTEXT, b"", &env()), Err(NotSealed), "{weak}");
    }
}

/// RFC 9180, appendix A.2.1: what is sealed with its randomness is its ciphertext.
#[test]
fn sealing_is_that_of_rfc_9180() {
    let ephemeral = "909a9b35d3dc4713a5e72a4da274b55d3d3821a37e5d099e74a647db583a904b";
    let recipient = "1ac01f181fdf9f352797655161c58b75c656a6cc2716dcb66372da835542e1df";
    let private = "8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb";
    let public = "4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a";
    let (info, aad) = (b"Ode on a Grecian Urn", b"Count-0");
    let plaintext = b"Beauty is truth, truth beauty";
    let sealed = "1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a\
        1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db\
        21993c62ce81883d2dd1b51a28";

    // Deriving keys, which is HKDF-SHA-256.
    let (derived, its_public) = <Kem as hpke::Kem>::derive_keypair(&unhex(recipient));
    let private = Private::from_bytes(&unhex(private)).unwrap();
    assert!(derived == private);
    assert_eq!(hex(&its_public.to_bytes()), public);

    let mut random = Random(|bytes: &mut [u8]| bytes.copy_from_slice(&unhex(ephemeral)));
    let public = Public::from_bytes(&unhex(public)).unwrap();
    let ours = seal_bytes(&public, info, aad, plaintext, &mut random).unwrap();
    assert_eq!(hex(&ours), sealed);
    assert_eq!(open_bytes(&private, info, aad, &unhex(sealed)).unwrap().as_slice(), plaintext);
    assert_eq!(open_bytes(&private, info, b"Count-1", &unhex(sealed)), Err(NotSealed));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn anything_comes_back_as_it_was(plaintext in prop::collection::vec(any::<u8>(), 0..600), context in ".{0,40}") {
        let env = env();
        let (_, _, key) = secrets(&env);
        let sealed = seal(&key.public(), &context, &plaintext, &env).unwrap();
        let opened = open(&key, &context, &sealed).unwrap();
        prop_assert_eq!(opened.as_slice(), plaintext);
        let elsewhere = context + ".";
        prop_assert!(open(&key, &elsewhere, &sealed).is_err());
    }

    /// Whatever somebody sends is an error at most.
    #[test]
    fn no_text_is_too_odd_to_be_read(text in "(hpke1\\.|x25519:|x25519-private:)?[A-Za-z0-9_=+.长-]{0,120}") {
        let env = env();
        let (_, _, key) = secrets(&env);
        prop_assert!(open(&key, CONTEXT, &text).is_err());
        prop_assert!(open_deposit(&SupervisorKey::new(&env), purchase(1), &text).is_err());
        if let Ok(key) = text.parse::<PublicKey>() {
            prop_assert_eq!(key.as_str(), &text);
        }
        if let Ok(key) = text.parse::<SupervisorKey>() {
            prop_assert!(key.reveal().parse::<SupervisorKey>().is_ok());
        }
    }

    /// A code is 64 hexadecimal digits, and nothing else is one.
    #[test]
    fn a_code_is_64_hexadecimal_digits(text in "[0-9a-gA-G]{62,66}|\\PC{0,70}") {
        let fits = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let code = text.parse::<OpeningCode>();
        prop_assert_eq!(code.is_ok(), fits);
        if let Ok(code) = code {
            let again = code.reveal();
            prop_assert_eq!(again.as_str(), text.to_lowercase());
        }
    }
}
