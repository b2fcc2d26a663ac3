//! The trades agencies work in: what they call themselves and how they speak of their work.

use super::packages::{self, Package};

/// A trade: the agencies whose main business is a category, or a single item apart from it.
#[derive(Debug)]
pub(crate) struct Trade {
    /// A category's code; an item's code where specialists offer nothing else.
    pub(crate) key: &'static str,
    /// What stands after the brand in an agency's name.
    pub(crate) words: &'static [&'static str],
    /// What ends an enterprise's name.
    pub(crate) forms: &'static [&'static str],
    /// Whether public institutions and societies work in it too.
    pub(crate) public: bool,
    /// Categories that agencies of this trade also work in.
    pub(crate) related: &'static [&'static str],
    /// The kind of qualification its people have when the agency itself needs none.
    pub(crate) specialty: &'static str,
    /// The business scope (经营范围) as registered.
    pub(crate) scope: &'static str,
    /// Who orders from it.
    pub(crate) clients: &'static [&'static str],
    pub(crate) packages: &'static [Package],
    /// Sentences about how the work is done.
    pub(crate) lines: &'static [&'static str],
}

const LIMITED: &[&str] =
    &["有限公司", "有限公司", "有限公司", "有限公司", "有限公司", "有限责任公司"];

/// The trade whose key is a category's or an item's code.
pub(crate) fn find(key: &str) -> Option<&'static Trade> {
    TRADES.iter().chain(super::trades_more::TRADES).find(|trade| trade.key == key)
}

/// The trade of a category that none of the known ones covers.
pub(crate) const OTHER: Trade = Trade {
    key: "",
    words: &["技术咨询", "工程咨询", "技术服务"],
    forms: LIMITED,
    public: true,
    related: &[],
    specialty: "",
    scope: "技术咨询服务；信息咨询服务",
    clients: &["企业和建设单位", "项目业主", "机关和企事业单位"],
    packages: packages::PROJECT,
    lines: &["由专人负责，按约定时间节点反馈进度。", "成果提交后按主管部门意见修改完善。"],
};

const TRADES: &[Trade] = &[
    Trade {
        key: "appraisal",
        words: &["资产评估", "房地产估价", "房地产资产评估", "土地房地产评估"],
        forms: &["有限公司", "有限公司", "有限责任公司", "事务所（普通合伙）"],
        public: false,
        related: &["finance-audit"],
        specialty: "asset-appraisal-filing",
        scope: "资产评估；房地产评估；价值评估咨询",
        clients: &["企业和产权单位", "金融机构和企业", "镇、村集体经济组织"],
        packages: packages::FIRM,
        lines: &[
            "评估师现场查勘，参数选取和计算过程附在报告中。",
            "报告由两名签字评估师出具，可配合主管部门和金融机构的询问。",
            "出具初稿后与委托方核对资产清单，再形成正式报告。",
            "不因评估结果高低调整收费。",
        ],
    },
    Trade {
        key: "bidding-cost",
        words: &["工程管理", "项目管理", "工程造价咨询", "招标代理", "建设咨询"],
        forms: &["有限公司", "有限公司", "有限公司", "有限公司", "事务所（普通合伙）"],
        public: false,
        related: &["construction-supervision", "engineering-consulting"],
        specialty: "engineering-supervision",
        scope: "招投标代理服务；工程造价咨询业务；工程管理服务；政府采购代理服务",
        clients: &["建设单位", "机关和企事业单位", "镇街和村社"],
        packages: packages::BUILDING,
        lines: &[
            "注册造价工程师和招标专业人员共同负责，成果实行三级复核。",
            "每个节点书面告知进度，重要事项先行沟通。",
            "熟悉本地计价依据和电子交易平台操作。",
            "项目过程资料完整归档，配合审计和检查。",
        ],
    },
    Trade {
        key: "construction-supervision",
        words: &["工程监理", "建设监理", "工程管理", "项目管理"],
        forms: LIMITED,
        public: false,
        related: &["bidding-cost", "engineering-consulting"],
        specialty: "engineering-supervision",
        scope: "建设工程监理；工程管理服务；工程技术咨询",
        clients: &["建设单位", "房地产开发企业", "工业企业和园区"],
        packages: packages::BUILDING,
        lines: &[
            "总监理工程师按合同驻场，关键工序全程旁站。",
            "每周提交监理周报，重要问题当日报告建设单位。",
            "专业监理工程师按土建、安装分别配备。",
            "监理资料与工程进度同步整理，竣工时一并移交。",
        ],
    },
    Trade {
        key: "construction-testing",
        words: &["工程检测", "建设工程检测", "检测科技", "工程质量检测", "房屋检测鉴定"],
        forms: LIMITED,
        public: true,
        related: &["fire-service", "lightning-protection"],
        specialty: "construction-quality-testing",
        scope: "建设工程质量检测；房屋安全鉴定；建筑材料检验检测",
        clients: &["建设单位和施工企业", "房屋所有权人", "物业和产权单位"],
        packages: packages::TESTING,
        lines: &[
            "现场检测不少于两人，原始记录当场签字确认。",
            "检测数据上传监管平台，报告可扫码核验。",
            "发现不合格项当日书面告知委托方。",
            "设备均在检定有效期内，进场前出具检测方案。",
        ],
    },
    Trade {
        key: "engineering-consulting",
        words: &["工程咨询", "投资咨询", "项目咨询", "规划咨询", "工程设计咨询"],
        forms: LIMITED,
        public: false,
        related: &[
            "environment-service",
            "water-conservation",
            "traffic-evaluation",
            "bidding-cost",
        ],
        specialty: "engineering-design",
        scope: "工程咨询；社会稳定风险评估；节能管理服务；工程项目前期策划",
        clients: &["政府投资项目单位", "建设单位", "工业企业"],
        packages: packages::PROJECT,
        lines: &[
            "咨询工程师（投资）牵头，工艺、造价、经济专业人员参与。",
            "协助准备评审会材料，按专家意见修改至通过。",
            "初稿前与主管部门沟通编制深度，减少返工。",
            "同步提供项目赋码、立项所需资料清单。",
        ],
    },
    Trade {
        key: "environment-service",
        words: &["环境科技", "环保科技", "环境工程", "环境技术", "环保技术咨询", "生态环境科技"],
        forms: LIMITED,
        public: true,
        related: &["engineering-consulting", "water-conservation"],
        specialty: "eia-credit-platform",
        scope: "环保咨询服务；环境保护监测；水污染治理；大气污染治理",
        clients: &["工业企业", "建设单位", "技改和扩建企业"],
        packages: packages::PROJECT,
        lines: &[
            "项目负责人全程参与现场踏勘。",
            "报告提交后配合主管部门核查和修改。",
            "熟悉本地生态环境管理要求，资料不全先行告知。",
            "现场影像和采样记录可追溯。",
        ],
    },
    Trade {
        key: "finance-audit",
        words: &["会计师事务所"],
        forms: &["（普通合伙）", "（普通合伙）", "有限公司", "有限责任公司", "（特殊普通合伙）"],
        public: false,
        related: &["appraisal"],
        specialty: "cpa-firm",
        scope: "注册会计师业务；财务咨询；税务服务；企业管理咨询",
        clients: &["中小企业", "社会团体和民办非企业单位", "机关和企事业单位"],
        packages: packages::FIRM,
        lines: &[
            "报告由两名注册会计师签字，赋验证码可在线查验。",
            "进场前发送资料清单，现场工作一般不超过三天。",
            "对账务处理中的问题另附管理建议。",
            "电子报告与纸质报告同步交付。",
        ],
    },
    Trade {
        key: "fire-service",
        words: &["消防技术", "消防科技", "消防检测", "消防安全技术"],
        forms: LIMITED,
        public: false,
        related: &["safety-evaluation", "lightning-protection"],
        specialty: "fire-technical-service",
        scope: "消防技术服务；消防设施检测；安全咨询服务",
        clients: &["建设单位和物业企业", "商场、酒店等公众聚集场所", "工业企业"],
        packages: packages::TESTING,
        lines: &[
            "一级注册消防工程师负责，检测过程录像留存。",
            "逐点记录测试结果，不合格点位附照片和整改建议。",
            "整改后免费复测一次。",
            "报告录入社会消防技术服务信息系统。",
        ],
    },
    Trade {
        key: "geology-service",
        words: &["地质工程", "地质勘查", "地质环境技术", "岩土地质"],
        forms: LIMITED,
        public: true,
        related: &["investigation-drawing-review", "surveying"],
        specialty: "geological-hazard",
        scope: "地质灾害危险性评估；地质勘查技术服务；工程勘察",
        clients: &["建设单位", "镇街和村社", "交通、水利项目业主"],
        packages: packages::PROJECT,
        lines: &[
            "野外调查按规范比例尺开展，附实际材料图。",
            "自备钻探和物探设备，可按需补充勘查。",
            "组织专家评审并办理成果备案。",
            "对边坡、软土等重点地段单独给出防治建议。",
        ],
    },
];
