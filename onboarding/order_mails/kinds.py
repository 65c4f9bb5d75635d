"""Whether a mail confirms an order: by its subject, else by how it begins."""

import re
from typing import Literal

Kind = Literal["order", "mentioned", "perhaps", "other"]
"""It confirms an order, speaks of one, says nothing, or tells of something else."""

_ORDER = re.compile(
    r"\border(?:s)? (?:confirmation|confirmed|received|acknowledge?ment|receipt|placed|summary)|"
    r"\b(?:confirmation|receipt|summary) (?:of|for) (?:your )?(?:order|purchase)|"
    r"\bconfirm(?:s|ed|ing)? (?:your|the) order|"
    r"\bthank(?:s| you)(?: very much)?(?:,? [\w' -]{1,30}?,?)? for (?:your |the |placing (?:your|"
    r"an) )?(?:recent )?"
    r"(?:order|purchase|shopping|ordering)|"
    r"\b(?:we(?:'ve| have)? (?:received|got)|you(?:'ve| have)? placed) (?:your|an|the) (?:\w+ )?order|"
    r"\bordered: |"
    r"bestätigen .{0,40}(?:auftrag|bestellung)|(?:bestellung|auftrag) (?:\S+ )?(?:erhalten|eingegangen)|"
    r"(?:confirmons|remercions (?:de|pour)|(?:avons )?(?:bien )?reçu) (?:la réception de )?votre commande|"
    r"(?:hemos recibido|confirmamos) (?:tu|su|o seu|a sua) (?:pedido|encomenda)|recebemos (?:o |a )?(?:seu|"
    r"sua) |"
    r"(?:abbiamo ricevuto|confermiamo) il (?:tuo|suo|vostro) ordine|bestelling .{0,20}ontvangen|"
    r"iets hebt besteld|"
    r"(?:przyjęliśmy|otrzymaliśmy|potwierdzamy) .{0,30}zamówieni|"
    r"bestell(?:ungs)?(?:bestätigung|eingang)|auftragsbestätigung|"
    r"dank für (?:ihre|deine|den|die) (?:\w+ )?"
    r"(?:bestellung|auftrag|einkauf)|bestellung (?:\S+ )?(?:ist )?eingegangen|"
    r"confirmation de (?:votre |la |ta )?(?:commande|achat)|"
    r"commande (?:\S+ )?(?:confirmée|enregistrée|reçue)|merci (?:pour|de) (?:votre|ta) (?:commande|achat)|"
    r"confirmación (?:de|del) (?:tu |su )?(?:pedido|compra)|"
    r"gracias por (?:tu|su|el) (?:pedido|compra)|pedido (?:\S+ )?(?:confirmado|recibido)|"
    r"conferma (?:d'ordine|(?:del |dell'|di )(?:tuo |suo )?ordine|ordine|acquisto)|"
    r"grazie per (?:il tuo |il suo |l')?(?:ordine|acquisto|aver acquistato)|ordine (?:\S+ )?(?:confermato|"
    r"ricevuto)|"
    r"(?:order|bestel(?:ling)?)s?bevestiging|bevestiging van (?:je|uw) (?:bestelling|order)|"
    r""
    r"bedankt voor (?:je|uw) (?:bestelling|order|aankoop)|bestelling (?:\S+ )?ontvangen|"
    r"confirmação (?:d[aeo] )?(?:seu |sua )?(?:pedido|encomenda|compra)|"
    r""
    r"obrigad[oa] (?:pela|pelo|por) (?:sua |seu |comprar )?(?:pedido|encomenda|compra)?|"
    r"(?:pedido|encomenda) (?:\S+ )?(?:confirmad[oa]|recebid[oa])|"
    r"potwierdzenie (?:złożenia )?zamówienia|"
    r"dziękujemy za (?:zamówienie|zakupy?|złożenie)|zamówienie (?:\S+ )?(?:przyjęte|potwierdzone|złożone)|"
    r"(?:order|beställnings)bekräftelse|tack för (?:din|ditt) (?:order|beställning|köp)|"
    r"ordre?bekræftelse|ordrebekreftelse|ta(?:k|kk) for (?:din|dit|din) (?:ordre|køb|bestilling)",
    re.IGNORECASE,
)

_MENTIONED = re.compile(
    r"\byour (?:[\w&'-]+ ){0,3}(?:order|purchase|receipt)\b|"
    r"\b(?:ihre|deine|eure) (?:[\w&'.-]+ ){0,3}bestellung|"
    r"\b(?:ihr|dein) (?:einkauf|auftrag)\b|"
    r"\b(?:votre|ta) (?:commande|achat)|"
    r"\b(?:tu|su) (?:pedido|compra)\b|"
    r"\b(?:tuo|suo|vostro) ordine|"
    r"\b(?:je|jouw|uw) (?:[\w&'.-]+ ){0,2}(?:bestelling|order|aankoop)\b|"
    r"\b(?:seu|sua|teu|tua) (?:pedido|encomenda|compra)|"
    r"\b(?:twoje|państwa|pani|pana) zamówienie|"
    r"din (?:order|beställning)|"
    r"din (?:ordre|bestilling)",
    re.IGNORECASE,
)

_OTHER = re.compile(
    r"\bupdate (?:on|to|about|regarding)|\bshipp(?:ed|ing (?:confirmation|notification|update|notice))|"
    r"\bdispatched|\bon (?:its|the) way|"
    r"\bhas (?:been )?(?:sent|delivered|left)|\bout for delivery|\bdeliver(?:ed|y (?:confirmation|notification|"
    r"update))|"
    r"\btrack (?:your|the)|\btracking|\bready for (?:pick-?up|collection)|\bdelayed|\bback in stock|"
    r"\brefund|\bcancel|\breturn(?:s|ed)? (?:request|label|confirm\w+|received|of)|\byour return\b|"
    r"\bcredit note|"
    r"\bpayment (?:reminder|due|failed|declined|received|overdue)|\boverdue|\breminder|\bpassword|\bverif(?:y|"
    r"ication)|"
    r"\b(?:rate|review) (?:your|the|us)|\bhow (?:was|did|do)|\bfeedback|\bleft (?:\w+ ){0,3}(?:behind|in your)|"
    r"\bcomplete your (?:order|purchase)|\b(?:cart|basket)\b|\bquot(?:e|ation)\b|\bnewsletter|\d\s?% off|"
    r"\bsale\b|"
    r"\b(?:free|off|discount|save|points|reward\w*|voucher|deal|offer|next|first|before you) .{0,40}order|"
    r"\border (?:now|today|by|before|again)\b|\breorder|"
    r"\binvoice|\bwelcome to\b|\bsubscri|\bstatement\b|\bchanged\b|\bupdated\b|\bproblem with|\bon hold|"
    r"versand(?!kosten)|versendet|verschickt|unterwegs|zugestellt|zustellung|lieferung|geliefert|storn|erstatt|"
    r"gutschrift|rücksend|retoure|mahnung|erinner|zahlung|rechnung|passwort|kennwort|bewert|warenkorb|angebot|"
    r"rabatt|"
    r"\d\s?% (?:auf|rabatt)|abholbereit|anmeld|"
    r"expédi|en (?:route|chemin)|livr(?:é|aison)|rembours|annul|retour|rappel|facture|mot de passe|avis|panier|"
    r"promo|"
    r"soldes|devis|\bsuivi|inscription|"
    r"envia(?:d[oa]|mos)|en camino|entrega|reembolso|cancela|devoluci|recordatorio|factura|contraseña|opini|"
    r"valora|"
    r"carrito|oferta|descuento|presupuesto|rebajas|boletín|"
    r"spedi(?:to|zione|ta)|in viaggio|consegna|rimbors|annulla|reso\b|promemoria|sollecito|fattura|recension|"
    r"carrello|sconto|preventivo|saldi|"
    r"verzonden|verstuurd|onderweg|bezorg|geleverd|terugbetal|geannuleerd|annulering|retour|herinnering|"
    r"factuur|"
    r"wachtwoord|beoordeel|winkelwagen|winkelmand|aanbieding|korting|offerte|"
    r"enviad[oa]|a caminho|entregue|estorno|cancelad|devoluç|lembrete|fatura|senha|avali|carrinho|desconto|"
    r"orçamento|"
    r"wysłan|w drodze|dostarcz|doręcz|zwrot|anulowan|przypomnienie|faktura|hasł|opini|koszyk|promocj|rabat|"
    r"wycena|"
    r"skickat|levererad|återbet|avbokad|faktura|påminnelse|afsendt|leveret|refunder|annulleret|lösenord",
    re.IGNORECASE,
)

_FORCED = re.compile(
    r"order (?:confirmation|confirmed|received)|(?:confirmation|receipt) (?:of|for) (?:your )?(?:order|"
    r"purchase)|"
    r"bestell(?:ungs)?bestätigung|auftragsbestätigung|confirmation de (?:votre )?commande|"
    r"confirmación de(?:l)? (?:tu )?pedido|conferma (?:d'ordine|dell'ordine|ordine)|orderbevestiging|"
    r"confirmação d[eo] pedido|potwierdzenie zamówienia|orderbekräftelse|ordrebekræftelse|order and invoice",
    re.IGNORECASE,
)
"""A subject with these confirms an order, whatever else it speaks of: an invoice, the delivery to come."""

_UNDONE = re.compile(
    r"\bcancel|\brefund|storn|annul|erstatt|rembours|cancela|reembols|rimbors|geannuleerd|estorn|anulowan|"
    r"zwrot|"
    r"\bshipped|versendet|verschickt|expédiée|enviado|spedito|verzonden|wysłan",
    re.IGNORECASE,
)

_LATER = re.compile(
    r"\b(?:when|once|as soon as|until|after|before|if|will|can|may|would|shall|you'll|we'll|should|estimated|"
    r"sobald|wenn|nachdem|werden|wird|können|falls|voraussichtlich\w*|dès|lorsque|quand|sera|recevrez|si|"
    r"pouvez|"
    r"cuando|en cuanto|una vez|recibirás|recibirá|será|quando|non appena|appena|riceverai|sarà|se|zodra|als|"
    r"wanneer|"
    r"ontvang\w*|wordt|assim que|receberá|enviaremos|será|gdy|kiedy|jak tylko|będzie|otrzymasz|po|jeśli|när|"
    r"når)\b",
    re.IGNORECASE,
)
"""Before what is still to come: that tells nothing of this mail."""

_SENTENCE = re.compile(r"[.!?\n]\s*")
_DONE = re.compile(
    r"\b(?:has|have|was|were|is|are|been|we(?:'ve)?) (?:now |just |already )?(?:been )?(?:shipped|dispatched|"
    r"delivered|cancel\w+|"
    r"refunded|on its way|on the way|out for delivery|delayed)|"
    r"\b(?:wurde|ist|haben) .{0,40}(?:versendet|verschickt|versandt|storniert|erstattet|zugestellt|geliefert|"
    r"unterwegs)|"
    r"\ba (?:bien )?été (?:expédié|annulé|remboursé|livré)|(?:ha sido|fue|hemos) (?:enviad|cancelad|reembolsad|"
    r"entregad)|"
    r"è stat[oa] (?:spedit|annullat|rimborsat|consegnat)|(?:is|hebben) .{0,40}(?:verzonden|verstuurd|"
    r"geannuleerd|bezorgd)|"
    r"foi (?:enviad|cancelad|reembolsad|entregue)|został[oa]? (?:wysłan|anulowan|dostarczon)|zostały (?:wysłan|"
    r"zwrócon)|"
    r"\b(?:you left|still in your cart)|payment is (?:over)?due|reset your password",
    re.IGNORECASE,
)
_LOOKED_AT = 1500
_SUBJECT_CHARACTERS = 300


def kind_of(subject: str, opening: str) -> Kind:
    """What a mail is, by its subject and how it begins.

    >>> kind_of("Your order has shipped", ""), kind_of("Bestellbestätigung 12", ""), kind_of("Hello", "")
    ('other', 'order', 'perhaps')
    """
    subject, opening = subject[:_SUBJECT_CHARACTERS], opening[:_LOOKED_AT]
    if _FORCED.search(subject) and not _UNDONE.search(subject):
        return "order"
    if _OTHER.search(subject):
        return "other"
    if _done(opening):
        return "other"
    if _ORDER.search(subject) or _ORDER.search(opening):
        return "order"
    return "mentioned" if _MENTIONED.search(subject) or _MENTIONED.search(opening) else "perhaps"


def _done(opening: str) -> bool:
    """Whether something is told to have happened that comes after an order."""
    return any(
        (match := _DONE.search(sentence)) and not _LATER.search(sentence[: match.start()])
        for sentence in _SENTENCE.split(opening)
    )
