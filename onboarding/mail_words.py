"""Words by which mails of a supplier are known: subjects of orders by language, and who everybody knows."""

import re
import unicodedata


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ORDER_WORDS = (
    # English; "order now" sells something, "in order to" says nothing
    r"(?<!in )(?:pre-?)?orders?(?! (?:now|today|by|before|to|online|your))",
    *("ordered", "invoice", "receipt", "purchase(?! now)", "packing slip"),
    # German, Dutch
    *(r"(?:auftrags?|bestell)(?:ung|ungen|bestatigung|eingang|nummer)?", r"rechnung\w*"),
    *("bestelling(?:en)?", "factuur", "aankoop"),
    # French, Spanish, Catalan, Italian, Portuguese
    *(r"(?<!passez )commandes?", "factures?", "achat", "recu", "pedidos?", "facturas?", "recibo"),
    *(r"compra(?! (?:ahora|ya|hoy|agora))", "comanda", r"ordin[ei]", r"fattur[ae]", "acquisto", "ricevuta"),
    *("encomendas?", "faturas?"),
    # Nordic
    *(
        r"order(?:bekraftelse|bekreftelse|nummer)",
        r"bestall(?:ning|ningar)",
        r"ordrer?(?:bekræftelse|bekreftelse)?",
    ),
    *(r"bestilling(?:en)?", r"faktura\w*", "kvittering", "kvitto", r"tilau\w+", "lasku", "kuitti"),
    # Polish, Czech, Slovak, Hungarian, Romanian, Turkish
    *(r"zamowieni\w*", "rachunek", r"objednavk\w*", r"rendeles\w*", "szamla", r"comenz\w+", r"siparis\w*"),
    # Greek, Russian, Ukrainian
    *(r"παραγγελι\w*", "τιμολογιο", r"заказ\w*", r"счет\w*", r"замовлен\w*"),
)
_ORDER = re.compile(rf"\b(?:{'|'.join(_ORDER_WORDS)})\b|注文|領収書|订单|訂單|发票|주문|영수증")

FREE_MAIL = _names("""
    gmail.com googlemail.com outlook.com outlook.de outlook.fr outlook.es hotmail.com hotmail.co.uk hotmail.de
    hotmail.fr hotmail.es hotmail.it live.com live.co.uk live.de live.fr live.nl msn.com yahoo.com yahoo.co.uk
    yahoo.co.jp yahoo.de yahoo.es yahoo.fr yahoo.it yahoo.in yahoo.com.br ymail.com rocketmail.com aol.com
    icloud.com me.com mac.com gmx.com gmx.de gmx.net gmx.at gmx.ch web.de t-online.de freenet.de arcor.de proton.me
    protonmail.com pm.me tutanota.com fastmail.com hey.com zoho.com mail.com mail.ru bk.ru list.ru inbox.ru
    yandex.ru yandex.com ya.ru rambler.ru ukr.net qq.com 163.com 126.com sina.com naver.com daum.net hanmail.net
    orange.fr wanadoo.fr free.fr sfr.fr laposte.net bbox.fr libero.it virgilio.it alice.it tiscali.it
    btinternet.com virginmedia.com sky.com talktalk.net comcast.net verizon.net att.net sbcglobal.net cox.net
    bigpond.com optusnet.com.au rediffmail.com uol.com.br bol.com.br terra.com.br telenet.be skynet.be ziggo.nl
    kpnmail.nl planet.nl bluewin.ch seznam.cz centrum.cz wp.pl onet.pl o2.pl interia.pl telia.com online.no
""")
"""Domains at which anybody has an address: what comes from there comes from people."""

MARKETPLACES = _names("""
    amazon ebay etsy walmart alibaba aliexpress temu shein rakuten allegro otto kaufland zalando cdiscount fnac
    mercadolibre mercadolivre bol wayfair faire ankorstore orderchamp tundra newegg target flipkart manomano
    coupang shopee lazada hepsiburada trendyol emag mercateo wish overstock
""")
"""The first label of their domains, whatever country's these are."""

SHIPPERS = _names("""
    dhl ups fedex tnt dpd gls gls-group hermes myhermes evri usps royalmail parcelforce yodel inpost postnl bpost
    laposte chronopost colissimo mondialrelay correos seur mrw nacex ctt poste brt posteitaliane post swisspost
    postnord bring posti omniva canadapost auspost purolator ontrac lasership aramex yamato sagawa sf-express
    deutschepost packeta zasilkovna aftership shippo shipstation sendcloud parcellab 17track
""")


def tells_of_order(subject: str) -> bool:
    """Whether a subject is like those of orders and invoices.

    >>> [tells_of_order(each) for each in ("Your order #12", "Ihre Bestellung", "Order now!", "Hello")]
    [True, True, False, False]
    """
    return bool(_ORDER.search(bare(subject)))


def bare(text: str) -> str:
    """A text in lower case, without accents."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return unicodedata.normalize("NFC", "".join(char for char in apart if not unicodedata.combining(char)))
