"""Own short titles, as a newspaper would write them, in the languages that `detect` must know from so little."""

TITLES: dict[str, list[str]] = {
    "en": [
        "Council approves new bus lanes after year of protest",
        "Storm leaves thousands without power",
        "Bank of England holds rates",
        "Fire at Leeds hospital",
        "Mayor promises free buses on Sundays",
    ],
    "fr": [
        "Le maire de Lyon annonce la gratuité des bus le dimanche",
        "Grève à la SNCF lundi",
        "Incendie dans un hôpital de Lille",
        "Inflation : la BCE temporise",
        "Le festival revient au bord du lac",
    ],
    "de": [
        "Stadtrat beschließt neue Radwege in der Innenstadt",
        "Bahn streicht Züge nach Unwetter",
        "Brand in Krankenhaus in Köln",
        "EZB lässt Leitzins unverändert",
        "Bürgermeister verspricht kostenlose Busse",
    ],
    "es": [
        "El ayuntamiento de Sevilla abre tres nuevas bibliotecas",
        "Huelga de trenes el lunes",
        "Incendio en un hospital de Bilbao",
        "El Gobierno sube el salario mínimo",
        "La alcaldesa promete autobuses gratis los domingos",
    ],
    "it": [
        "Il comune di Torino apre tre nuove biblioteche",
        "Sciopero dei treni lunedì",
        "Incendio in un ospedale a Bari",
        "La Bce lascia i tassi invariati",
        "La sindaca promette autobus gratis la domenica",
    ],
    "pt": [
        "Câmara do Porto abre três novas bibliotecas",
        "Greve de comboios na segunda-feira",
        "Incêndio em hospital de São Paulo",
        "Governo anuncia aumento do salário mínimo",
        "Autarca promete autocarros grátis ao domingo",
    ],
    "nl": [
        "Gemeenteraad stemt in met nieuwe fietspaden",
        "Treinen rijden niet door storm",
        "Brand in ziekenhuis in Utrecht",
        "Huizenprijzen stijgen opnieuw",
        "Burgemeester belooft gratis bussen op zondag",
    ],
    "sv": [
        "Kommunen bygger tre nya bibliotek i centrum",
        "Tågstrejk på måndag",
        "Brand på sjukhus i Malmö",
        "Riksbanken lämnar räntan oförändrad",
    ],
    "da": [
        "Kommunen åbner tre nye biblioteker i Aarhus",
        "Togene kører ikke på mandag",
        "Brand på hospital i Odense",
        "Nationalbanken sænker renten igen",
    ],
    "no": [
        "Kommunen åpner tre nye biblioteker i Bergen",
        "Togene går ikke på mandag",
        "Brann på sykehus i Trondheim",
        "Norges Bank holder renten uendret",
    ],
    "fi": [
        "Kaupunki avaa kolme uutta kirjastoa",
        "Junat eivät kulje maanantaina",
        "Tulipalo sairaalassa Turussa",
        "Asuntojen hinnat laskivat",
    ],
    "pl": [
        "Rada miasta otwiera trzy nowe biblioteki",
        "Strajk na kolei w poniedziałek",
        "Pożar w szpitalu w Łodzi",
        "Ceny mieszkań znów rosną",
    ],
    "cs": [
        "Město otevře tři nové knihovny",
        "V pondělí nepojedou vlaky",
        "Požár v nemocnici v Brně",
        "Ceny bytů opět rostou",
    ],
    "sk": [
        "Mesto otvorí tri nové knižnice",
        "V pondelok nepôjdu vlaky",
        "Požiar v nemocnici v Košiciach",
        "Ceny bytov opäť rastú",
    ],
    "hu": [
        "Három új könyvtárat nyit a város",
        "Hétfőn nem járnak a vonatok",
        "Tűz volt egy pécsi kórházban",
        "Ismét nőttek a lakásárak",
    ],
    "ro": [
        "Primăria deschide trei biblioteci noi",
        "Grevă la căile ferate luni",
        "Incendiu la un spital din Cluj",
        "Prețurile locuințelor cresc din nou",
    ],
    "tr": [
        "Belediye üç yeni kütüphane açıyor",
        "Pazartesi günü trenler çalışmayacak",
        "İzmir'de hastanede yangın",
        "Merkez Bankası faizi sabit tuttu",
    ],
    "el": [
        "Ο δήμος ανοίγει τρεις νέες βιβλιοθήκες",
        "Απεργία στα τρένα τη Δευτέρα",
    ],
    "ru": [
        "Город откроет три новые библиотеки",
        "Поезда не пойдут в понедельник",
        "Пожар в больнице в Казани",
        "ЦБ сохранил ключевую ставку",
    ],
    "uk": [
        "Місто відкриє три нові бібліотеки",
        "Поїзди не поїдуть у понеділок",
        "Пожежа в лікарні у Львові",
        "Нацбанк зберіг облікову ставку",
    ],
    "bg": [
        "Общината отваря три нови библиотеки",
        "Влаковете спират в понеделник",
        "Пожар в болница в Пловдив",
        "Цените на жилищата отново растат",
    ],
    "sr": [
        "Град отвара три нове библиотеке",
        "Возови не саобраћају у понедељак",
    ],
    "hr": [
        "Grad otvara tri nove knjižnice",
        "Vlakovi neće voziti u ponedjeljak",
        "Požar u bolnici u Splitu",
        "Cijene stanova ponovno rastu",
    ],
    "ca": [
        "L'ajuntament de Girona obre tres biblioteques noves",
        "Vaga de trens dilluns",
        "Incendi en un hospital de Lleida",
        "El Govern apuja el salari mínim",
    ],
    "ar": [
        "البلدية تفتتح ثلاث مكتبات جديدة",
        "إضراب القطارات يوم الاثنين",
    ],
    "fa": [
        "شهرداری سه کتابخانه جدید افتتاح می‌کند",
        "قطارها دوشنبه حرکت نمی‌کنند",
    ],
    "ur": [
        "شہر میں تین نئی لائبریریاں کھولی جائیں گی",
        "پیر کو ٹرینیں نہیں چلیں گی",
    ],
    "he": [
        "העירייה תפתח שלוש ספריות חדשות",
        "הרכבות לא יפעלו ביום שני",
    ],
    "hi": [
        "शहर में तीन नए पुस्तकालय खुलेंगे",
        "सोमवार को ट्रेनें नहीं चलेंगी",
    ],
    "mr": [
        "शहरात तीन नवीन ग्रंथालये सुरू होणार आहेत",
    ],
    "zh": [
        "市政府将开设三座新图书馆",
        "週一火車停駛",
        "央行维持利率不变",
    ],
    "ja": [
        "市が図書館を3館新設へ",
        "月曜日、列車は運休",
        "日銀、金利据え置き決定",
        "東京株、大幅反落",
    ],
    "ko": [
        "시, 새 도서관 세 곳 연다",
        "월요일 열차 운행 중단",
    ],
    "vi": [
        "Thành phố mở ba thư viện mới",
        "Tàu hỏa ngừng chạy vào thứ Hai",
        "Cháy bệnh viện ở Hà Nội",
    ],
    "id": [
        "Kota ini membuka tiga perpustakaan baru",
        "Kereta tidak beroperasi pada hari Senin",
        "Kebakaran di rumah sakit Bandung",
    ],
    "th": [
        "เทศบาลเปิดห้องสมุดใหม่สามแห่ง",
    ],
    "et": [
        "Linn avab kolm uut raamatukogu",
        "Rongid esmaspäeval ei sõida",
    ],
    "lt": [
        "Miestas atidarys tris naujas bibliotekas",
        "Pirmadienį traukiniai nevažiuos",
    ],
    "lv": [
        "Pilsēta atvērs trīs jaunas bibliotēkas",
        "Pirmdien vilcieni nekursēs",
    ],
    "sl": [
        "Mesto bo odprlo tri nove knjižnice",
        "V ponedeljek vlaki ne bodo vozili",
    ],
}
