//! The page of the documentation, written from the file.

use std::fmt::Write;

use super::{Decision, Row, Seat, table::rows};

const HEAD: &str = "\
# Permissions / 权限表

Written from `market-core/src/kernel/authority/permissions.csv` by `cargo test`; edit that file, then
run the test with `UPDATE_PAGES=1`. The same file is what the market decides by, and what the test of
every endpoint for every kind of party is made from.
本页由权限表文件生成；系统按同一文件判定，接口测试也由同一文件生成。

| sign | meaning | 含义 |
|---|---|---|
| ● | yes | 可以 |
| ◐ | yes, without what the fields below hide | 可以，部分内容隐去 |
| ○ | yes, of what is one's own | 可以，仅限本方 |
| – | to them there is no such thing: 404, as for an id that never was | 视为不存在（404） |
| 🔑 | whoever asks must sign in: 401 | 须先登录（401） |
| a code | refused, with this code (403 or 409) | 拒绝，并说明原因 |

That somebody may do something says nothing of when: what can come next is said by the states of
each thing, and told by its `actions`. A row holds in the states that it names; one without states
holds in all others. An act that has no operation is open to programs that embed the market.

| column | who it is | 谁 |
|---|---|---|
| anon | nobody who says who they are | 未登录 |
| owner | the applicant whose thing it is | 业主（申请人）本方 |
| owner′ | another applicant | 其他申请人 |
| agency | the agency whose thing it is, or which takes part in it | 当事机构 |
| agency′ | another agency | 其他机构 |
| dept | the department whose business it is: which decides the step, uses the deliverable, is the witness | 经办部门 |
| dept′ | a department without a part in the matter | 无关部门 |
| superv | the department that leads the matter and handles complaints, or has another part in it | 牵头、监管部门 |
| operator | the operator | 运营机构 |

Of an account the owner, the agency and the department are the person themselves. Of an act that
makes something they are whoever makes it. `of_owner` is a complaint that the owner of the purchase
made itself; the agency is then another one. `in_review` is also a purchase that was given up before
anybody could read it.
";

const ROW_LEVEL: &str = "
## What row-level security would add

All of this is decided in the program, which opens the database as one user. Whoever has that user's
password, or finds a statement that forgets its filter, reads every row. PostgreSQL can refuse rows
by itself: with `alter table … enable row level security`, a policy for each of the tables `orders`,
`purchases`, `registrations`, `quotes`, `complaints` and `alarms` written from the rows `….show`
above, and `set local market.party = …` at the beginning of each unit of work, a forgotten filter
would give nothing instead of everything. It would not help against the operator of the database, who
may set the party, nor on SQLite, which has no policies; what must be safe from both is sealed instead
([decision 0013](decisions/0013-sealed-quotes.md)). Policies are not written yet.
数据库行级安全（PostgreSQL RLS）可作为第二道防线，尚未启用；报价密封不依赖数据库权限。
";

/// The page `docs/permissions.md`.
pub fn page() -> String {
    let mut page = HEAD.to_owned();
    let (fields, acts): (Vec<&Row>, Vec<&Row>) = rows().iter().partition(|row| row.is_field());
    page.push_str("\n## Acts / 事项\n\n| act | states | anon | owner | owner′ | agency | agency′ | dept | dept′ | superv | operator |\n|---|---|---|---|---|---|---|---|---|---|---|\n");
    for row in &acts {
        line(&mut page, row);
    }
    page.push_str("\n## Fields / 字段\n\nOf a field, ● is all of it, ◐ a part (`138****0000`, `王**`), – nothing.\n\n| field | states | anon | owner | owner′ | agency | agency′ | dept | dept′ | superv | operator |\n|---|---|---|---|---|---|---|---|---|---|---|\n");
    for row in &fields {
        line(&mut page, row);
    }
    page.push_str("\n## Operations / 接口\n\nEvery operation of the API, by its id in the description, and the act that it is.\n\n| act | operations |\n|---|---|\n");
    let mut seen = std::collections::BTreeSet::new();
    for row in acts.iter().filter(|row| !row.operations.is_empty()) {
        if seen.insert(&row.act) {
            let _ = writeln!(page, "| `{}` | {} |", row.act, row.operations.join(", "));
        }
    }
    page.push_str(ROW_LEVEL);
    page
}

fn line(page: &mut String, row: &Row) {
    let states = if row.states.is_empty() { "" } else { &row.states.join(", ") };
    let _ = write!(page, "| **{}** {}<br>{} | {states}", row.act, row.zh, row.en);
    for seat in Seat::ALL {
        let _ = write!(page, " | {}", sign(row.cell(*seat)));
    }
    page.push_str(" |\n");
}

const fn sign(decision: Decision) -> &'static str {
    match decision {
        Decision::Allowed => "●",
        Decision::Masked => "◐",
        Decision::Own => "○",
        Decision::Hidden => "–",
        Decision::SignIn => "🔑",
        Decision::Refused(refusal) => refusal.code(),
    }
}
