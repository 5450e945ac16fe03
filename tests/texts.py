"""Short texts in several languages, of three topics each, for tests."""

from itertools import product

_PARTS = {
    "de": (
        (
            ("Die Straßenbahn", "Der Bus", "Die U-Bahn", "Der Nachtzug"),
            "fährt am Sonntag",
            ("nur selten", "nicht mehr", "öfter als früher", "ohne Fahrgäste"),
        ),
        (
            ("Der Teig", "Das Brot", "Der Sauerteig", "Das Brötchen"),
            "muss im Ofen",
            ("lange backen", "noch aufgehen", "knusprig werden", "eine Stunde ruhen"),
        ),
        (
            ("Die Ärztin", "Der Hausarzt", "Die Klinik", "Das Krankenhaus"),
            "behandelt den Patienten mit",
            ("Fieber", "Husten", "einer Grippe", "hohem Blutdruck"),
        ),
    ),
    "fr": (
        (
            ("Le tramway", "L'autobus", "Le métro", "Le train de nuit"),
            "ne circule le dimanche que",
            ("rarement", "toutes les heures", "pour les voyageurs", "jusqu'à minuit"),
        ),
        (
            ("La pâte", "Le pain", "Le levain", "La baguette"),
            "doit encore cuire au four",
            ("lentement", "pendant une heure", "avec de la farine", "avant le repas"),
        ),
        (
            ("Le médecin", "L'infirmière", "La clinique", "L'hôpital"),
            "soigne aujourd'hui des malades qui ont",
            ("de la fièvre", "la grippe", "une toux", "trop de tension"),
        ),
    ),
    "zh": (
        (
            ("有轨电车", "公共汽车", "地铁", "夜班火车"),
            "星期天",
            ("很少开行", "不再开行", "比以前多", "没有乘客"),
        ),
        (
            ("面团", "面包", "酵母", "馒头"),
            "在烤箱里",
            ("需要烤很久", "还要发酵", "会变得酥脆", "要放一个小时"),
        ),
        (
            ("医生", "护士", "诊所", "医院"),
            "正在治疗",
            ("发烧的病人", "咳嗽的病人", "流感病人", "高血压病人"),
        ),
    ),
    "ar": (
        (
            ("الترام", "الحافلة", "المترو", "القطار الليلي"),
            "لا يسير يوم الأحد إلا",
            ("نادرا", "كل ساعة", "مع الركاب", "حتى منتصف الليل"),
        ),
        (
            ("العجين", "الخبز", "الخميرة", "الرغيف"),
            "يجب أن يبقى في الفرن",
            ("ساعة كاملة", "وقتا طويلا", "مع الطحين", "قبل العشاء"),
        ),
        (
            ("الطبيب", "الممرضة", "العيادة", "المستشفى"),
            "هو الذي يعالج المريض من",
            ("الحمى", "السعال", "الزكام", "ضغط الدم"),
        ),
    ),
}


def texts(language: str) -> list[str]:
    """48 sentences, topic after topic, 16 of each."""
    space = "" if language == "zh" else " "
    return [
        space.join([subject, middle, end])
        for subjects, middle, ends in _PARTS[language]
        for subject, end in product(subjects, ends)
    ]
