//! The sizes and variants in which one item is offered.

/// A variant of an item: its words in a title, and its price and days in percent of the plain one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Package {
    pub(crate) words: &'static str,
    pub(crate) price: i64,
    pub(crate) days: i64,
}

const fn package(words: &'static str, price: i64, days: i64) -> Package {
    Package { words, price, days }
}

pub(crate) const PLAIN: Package = package("", 100, 100);

pub(crate) const PROJECT: &[Package] = &[
    package("小型项目", 60, 80),
    package("中型项目", 105, 100),
    package("大型项目", 170, 120),
    package("加急", 130, 60),
    package("含专家评审费", 120, 100),
    package("工业项目", 100, 100),
    package("政府投资项目", 95, 100),
    package("技改扩建项目", 85, 90),
];

pub(crate) const BUILDING: &[Package] = &[
    package("小型工程", 60, 80),
    package("中型工程", 105, 100),
    package("大型工程", 170, 120),
    package("加急", 130, 60),
    package("工业厂房", 95, 100),
    package("住宅小区", 110, 100),
    package("市政项目", 105, 100),
    package("政府投资项目", 95, 100),
];

pub(crate) const SAMPLES: &[Package] = &[
    package("单次委托", 90, 100),
    package("年度委托", 150, 100),
    package("加急", 130, 60),
    package("多批次", 160, 110),
    package("小微经营者", 70, 90),
    package("含复检", 115, 100),
];

pub(crate) const TESTING: &[Package] = &[
    package("单次委托", 90, 100),
    package("年度委托", 150, 100),
    package("加急", 130, 60),
    package("小型场所", 60, 80),
    package("大型场所", 170, 120),
    package("含复检", 115, 100),
];

pub(crate) const SURVEY: &[Package] = &[
    package("小型项目", 60, 70),
    package("大型项目", 160, 130),
    package("加急", 130, 60),
    package("含成果入库", 110, 100),
    package("工业厂房", 95, 100),
    package("住宅项目", 105, 100),
];

pub(crate) const FIRM: &[Package] = &[
    package("小微企业", 60, 80),
    package("中型企业", 110, 100),
    package("集团企业", 180, 130),
    package("加急", 130, 60),
    package("村级集体经济组织", 80, 100),
];
