//! Names of people who do not exist.

use super::draw::Draw;

const SURNAMES: &str = "王陈张李徐周吴胡叶沈施郑孙章朱余黄杨潘金方俞岑罗许何林毛邵姚卢戚裘柴翁励冯韩邹钟范\
                        蒋傅楼虞宣赵钱谢陆童杜马高";
const GIVEN_FIRST: &str = "建国志文海立伟晓雅静思明嘉宇永春秀佳俊泽子梦欣若亦书景云远慧雨宏德启承君睿婉少维绍\
                           一可季芷仲松柏";
const GIVEN_LAST: &str = "华平军杰峰波斌强燕琳娜敏洁磊涛辉刚勇芳萍君宁远航帆霞瑶宸轩彤妍祺源毅恺清兰淳然舟\
                          礼安岚希越衡";

/// A name of two or, more often, three characters.
pub(crate) fn person(draw: &mut Draw) -> String {
    let surname = character(SURNAMES, draw);
    let last = character(GIVEN_LAST, draw);
    if draw.percent(22) {
        return [surname, last].iter().collect();
    }
    let first = character(GIVEN_FIRST, draw);
    if first == last {
        [surname, last].iter().collect()
    } else {
        [surname, first, last].iter().collect()
    }
}

/// One character of a text, each equally likely.
pub(crate) fn character(text: &str, draw: &mut Draw) -> char {
    let place = draw.index(text.chars().count());
    text.chars().nth(place).unwrap_or('一')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_two_or_three_characters() {
        let mut draw = Draw::new(1, 1);
        for _ in 0..200 {
            let name = person(&mut draw);
            assert!((2..=3).contains(&name.chars().count()), "{name}");
        }
    }
}
