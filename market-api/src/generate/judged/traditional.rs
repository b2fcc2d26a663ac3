//! Traditional characters (繁體字) of those that names of services are written with.

/// Each simplified character with its traditional one.
const PAIRS: &str = "专專业業书書产產价價会會体體册冊农農划劃务務卫衛压壓响響图圖场場声聲备備学學实實审審\
                     废廢护護报報构構标標条條检檢残殘气氣测測灾災烟煙状狀环環现現电電疗療监監种種积積稳穩\
                     筑築结結绘繪编編职職联聯节節药藥装裝规規计計设設证證评評诊診询詢财財质質资資鉴鑒险險\
                     项項预預风風验驗术術";

/// A name in traditional characters.
pub(super) fn traditional(name: &str) -> String {
    let pairs: Vec<char> = PAIRS.chars().collect();
    let other = |letter: char| {
        let pair = pairs.chunks_exact(2).find(|pair| pair[0] == letter);
        pair.map_or(letter, |pair| pair[1])
    };
    name.chars().map(other).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_character_has_one_other_both_ways() {
        let all: Vec<char> = PAIRS.chars().collect();
        let different: BTreeSet<_> = all.iter().collect();
        assert_eq!((all.len() % 2, different.len()), (0, all.len()));
        assert_eq!(traditional("环境影响评价"), "環境影響評價");
        assert_eq!(traditional("節能評估"), "節能評估");
    }
}
