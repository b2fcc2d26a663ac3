//! Names of agencies that do not exist: place, two-character brand, trade and legal form.

use super::draw::Draw;
use super::nature::Nature;
use super::people::character;
use super::trades::Trade;

const FIRST: &str = "澜砚汀屿岚霁禾栎浔昱珩珞瑾璟筠槐楠棠榆桐柏岑岱峤嵘澄湛渌溯漪潇沐淇涵翊翎骁骞镜鉴砺磐碧绍聿\
                     舒苇荻菱蔚藜虹鹭鹤麓岫崧梓槿苓芃缃璞珂璇玑";
const SECOND: &str = "衡序简舟初原远达朗安宁和正方博雅信诚联源润泽泰康佳盛昌华新智度石野渡明光辉恺宸庭轩景象力\
                      行知言思嘉瑞祥丰茂田岸波帆";

/// A name as its owner might have registered it. From the fifth attempt on the brand has three
/// characters, so that a name not yet taken is always found.
pub(crate) fn agency(
    place: &str,
    trade: &Trade,
    nature: Nature,
    attempt: u32,
    draw: &mut Draw,
) -> String {
    let mut name = place.to_owned();
    name.push(character(FIRST, draw));
    let second = character(SECOND, draw);
    name.push(second);
    if attempt > 3 {
        name.push(character(FIRST, draw));
    }
    let word = draw.word(trade.words);
    name.push_str(word);
    name.push_str(match nature {
        Nature::Enterprise => draw.word(trade.forms),
        Nature::Institution if word.ends_with("测绘") => "院",
        Nature::Institution => draw.word(&["研究院", "中心", "研究所"]),
        Nature::Social => draw.word(&["促进会", "研究会"]),
        Nature::SoleTrader => draw.word(&["服务部", "工作室"]),
    });
    name
}
