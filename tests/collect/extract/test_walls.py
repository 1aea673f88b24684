"""Consent walls, paywalls and errors are recognised in many languages; articles about them are not."""

from __future__ import annotations

import pytest

from tests.collect.pages import NOISY, html, paragraphs, read

CONSENT = {
    "de": (
        "<h1>Mit Werbung weiterlesen oder Pur-Abo abschließen</h1><p>Nutzen Sie die Zeitung mit "
        "personalisierter Werbung, Werbetracking und Nutzungsanalyse. Details zu Cookies finden Sie in "
        "unserer Datenschutzerklärung.</p><p>Oder ganz ohne Werbung und ohne Tracking für 3,99 € im Monat. "
        "Bereits Pur-Abonnent? Hier anmelden.</p>"
    ),
    "it": (
        "<p>Noi e i nostri 842 partner archiviamo e accediamo a informazioni sul dispositivo, come cookie, e "
        "trattiamo dati personali per annunci su misura.</p><p>In alternativa puoi abbonarti per "
        "rifiutare.</p>"
    ),
    "pl": (
        "<p>My i nasi partnerzy przechowujemy informacje na urządzeniu, takie jak pliki cookie, i "
        "przetwarzamy dane osobowe w celu wyświetlania reklam.</p><p>Wyrażam zgodę na przetwarzanie "
        "danych.</p>"
    ),
    "fr": (
        "<p>Avec votre accord, nos partenaires et nous utilisons des cookies pour stocker et consulter des "
        "données personnelles.</p><p>Vous pouvez continuer sans accepter ou vous abonner.</p>"
    ),
    "es": (
        "<p>Nosotros y nuestros socios almacenamos o accedemos a información en un dispositivo, como "
        "cookies, y procesamos datos personales.</p><p>Puede aceptar las cookies o rechazarlas y "
        "suscribirse.</p>"
    ),
    "pt": (
        "<p>Nós e os nossos parceiros armazenamos e acedemos a informações num dispositivo, como cookies, e "
        "processamos dados pessoais.</p><p>Pode alterar as suas preferências a qualquer momento.</p>"
    ),
    "tr": (
        "<p>Biz ve iş ortaklarımız, çerezler gibi bilgileri bir cihazda saklar ve kişisel verileri "
        "kişiselleştirilmiş reklamlar için işleriz.</p>"
    ),
    "ro": (
        "<p>Noi și partenerii noștri stocăm și/sau accesăm informații de pe un dispozitiv, cum ar fi cookie-uri.</p>"
        "<p>Prin apăsarea butonului vă dați acordul. Acceptă toate</p>"
    ),
    "uk": (
        "<p>Ми та наші партнери зберігаємо файли cookie на вашому пристрої й обробляємо персональні дані.</p>"
        "<p>Ми цінуємо вашу приватність. Прийняти всі</p>"
    ),
    "hu": (
        "<p>Mi és partnereink információkat, például sütiket tárolunk az eszközön, és személyes adatokat kezelünk.</p>"
        "<p>Az összes elfogadása</p>"
    ),
    "fi": (
        "<p>Me ja kumppanimme käytämme evästeitä ja käsittelemme henkilötietoja mainonnan kohdentamiseksi.</p>"
        "<p>Arvostamme yksityisyyttäsi. Hyväksy kaikki</p>"
    ),
    "da": (
        "<p>Vi og vores partnere gemmer og/eller tilgår oplysninger på en enhed, f.eks. cookies.</p>"
        "<p>Acceptér alle</p>"
    ),
    "bg": (
        "<p>Ние и нашите партньори съхраняваме бисквитки на вашето устройство и обработваме лични данни.</p>"
        "<p>Приемам всички</p>"
    ),
    "hr": (
        "<p>Mi i naši partneri pohranjujemo i/ili pristupamo podacima na uređaju, kao što su kolačići.</p>"
        "<p>Cijenimo vašu privatnost. Prihvaćam sve</p>"
    ),
    "ja": (
        "<p>当社とパートナーは、クッキーなどの情報をデバイスに保存し、個人データを処理します。広告のために"
        "同意をお願いします。</p>"
    ),
}
PAYWALL = {
    "fr": "La suite de cet article est réservée à nos abonnés. Déjà abonné ? Se connecter.",
    "de": "Jetzt weiterlesen mit Plus. Sie haben bereits ein Abo? Hier anmelden.",
    "it": "Questo contenuto è riservato agli abbonati. Sei già abbonato? Accedi.",
    "pl": "Dostęp do treści tylko dla prenumeratorów. Masz już konto? Zaloguj się.",
    "es": "Este contenido es exclusivo para suscriptores. ¿Ya eres suscriptor? Inicia sesión.",
    "ko": "이 기사는 유료회원 전용입니다. 로그인 후 계속 읽기.",
    "ja": "この記事は有料会員限定です。ログインして続きを読む。",
    "ro": "Conținut disponibil doar pentru abonați. Ești deja abonat? Intră în cont.",
    "uk": "Матеріал доступний лише для передплатників. Вже маєте передплату? Увійдіть.",
    "hu": "Ez a tartalom csak előfizetőknek érhető el. Már előfizető? Lépjen be.",
    "fi": "Tämä artikkeli on tilaajille. Oletko jo tilaaja? Kirjaudu sisään.",
    "no": "Denne saken er bare for abonnenter. Er du allerede abonnent? Logg inn.",
    "el": "Το άρθρο είναι διαθέσιμο μόνο για συνδρομητές. Είστε ήδη συνδρομητής; Συνδεθείτε.",
    "sk": "Tento článok je len pre predplatiteľov. Už máte predplatné? Prihláste sa.",
    "vi": "Nội dung chỉ dành cho người đăng ký. Đã có tài khoản? Hãy đăng nhập để đọc tiếp.",
    "he": "כתבה זו פתוחה למנויים בלבד. כבר מנויים? התחברו.",
    "fa": "این مطلب فقط برای مشترکان است. برای خواندن ادامه وارد شوید.",
    "hi": "यह लेख केवल सदस्यों के लिए है। क्या आप पहले से सब्सक्राइबर हैं?",
}


@pytest.mark.parametrize("language", CONSENT)
def test_a_consent_wall_is_no_article(language: str) -> None:
    article = read(html(f"<div>{CONSENT[language]}</div>", title="·"))
    assert article.problem == "a consent wall in place of the article"
    assert article.text == ""
    assert article.lead.rung == "title"


@pytest.mark.parametrize("language", PAYWALL)
def test_paywall_is_reported_and_its_wording_removed(language: str) -> None:
    sample = NOISY[language]
    page = html(
        f"<h1>{sample['title']}</h1><article>{paragraphs(sample['paragraphs'][:2])}</article>",
        f"<div><p>{PAYWALL[language]}</p></div>",
        title=sample["title"],
    )
    article = read(page)
    assert article.problem == "a paywall: only the opening can be read"
    assert article.text == "\n\n".join(sample["paragraphs"][:2])


@pytest.mark.parametrize(
    ("language", "texts"),
    [
        (
            "de",
            (
                "Die Kommission will die Banner abschaffen. Nutzer sollen selbst entscheiden, ob Cookies gelten.",
                "„Wir verwenden Cookies – das kann niemand mehr lesen“, sagte Kommissarin Anna Lind am Montag.",
                "Verlage warnen: Ohne Einwilligung fehle das Geld aus Werbung. Das Pur-Abo bleibe erlaubt.",
                "Bis dahin müssen Seiten weiter um Zustimmung zu Cookies bitten und die Einwilligung speichern.",
            ),
        ),
        (
            "fr",
            (
                "Les sites devront montrer un bouton « Tout refuser » aussi visible que l'autre, a dit la commission.",
                "Neuf sites sur dix déposent des cookies avant tout consentement, et en gardent la moitié un an.",
                "« Votre vie privée est notre priorité, c'est un slogan », a déclaré sa présidente mardi.",
            ),
        ),
    ],
)
def test_an_article_on_consent_walls_is_read_whole(language: str, texts: tuple[str, ...]) -> None:
    article = read(html(f"<h1>·</h1><div>{paragraphs(texts)}</div>", title="·"), language=language)
    assert article.problem is None
    assert article.text == "\n\n".join(texts)


def test_remains_of_a_link_list_are_no_article() -> None:
    links = "".join(f"<li><a href='/{n}'>A headline of some length that leads to story {n}</a></li>" for n in range(4))
    article = read(html(f"<div><p>Home Tags Bridges</p><ul>{links}</ul></div>", title="Bridges"))
    assert article.problem is not None
