"""What is said in the inventory, and how people speak of what it asks, in English and Spanish."""

from onboarding.answers import Said
from onboarding.flow import Agent, Wording


def _ways(text: str) -> tuple[str, ...]:
    return tuple(text.split(", "))


CONNECTION_ID = Said(
    ask={
        "en": 'Connect it on this page, or say "skip" to go on without.',
        "es": "Conéctalo en esta página, o di «saltar» para seguir sin ello.",
    },
    label={"en": "Connection", "es": "Conexión"},
    confirm={"en": "It is connected.", "es": "Está conectado."},
    replies={"en": ("Skip",), "es": ("Saltar",)},
)
ORDERS = Said(
    label={"en": "Orders found", "es": "Pedidos encontrados"},
    confirm={"en": "Orders found: {}.", "es": "Pedidos encontrados: {}."},
    cues=_ways("order, purchase, pedido, compra"),
)
URLS = Said(
    ask={
        "en": 'How many products were found on web pages? Paste their links on this page, or say "skip".',
        "es": "¿Cuántos productos se han encontrado en páginas web? Pega sus enlaces aquí, o di «saltar».",
    },
    label={"en": "Products from web pages", "es": "Productos de páginas web"},
    confirm={"en": "From web pages: {}.", "es": "De páginas web: {}."},
)
BARCODES = Said(
    ask={
        "en": 'How many products have you scanned? Scan them with your phone, or say "skip".',
        "es": "¿Cuántos productos has escaneado? Escanéalos con el móvil, o di «saltar».",
    },
    label={"en": "Scanned products", "es": "Productos escaneados"},
    confirm={"en": "Scanned: {}.", "es": "Escaneados: {}."},
)
PHOTOS = Said(
    ask={
        "en": 'How many products have you photographed? Take photos with your phone, or say "skip".',
        "es": "¿Cuántos productos has fotografiado? Haz fotos con el móvil, o di «saltar».",
    },
    label={"en": "Photographed products", "es": "Productos fotografiados"},
    confirm={"en": "Photographed: {}.", "es": "Fotografiados: {}."},
)
CSV = Said(
    ask={
        "en": 'How many products came from a file? Upload a CSV on this page, or say "skip".',
        "es": "¿Cuántos productos vienen de un archivo? Sube un CSV en esta página, o di «saltar».",
    },
    label={"en": "Products from a file", "es": "Productos de un archivo"},
    confirm={"en": "From a file: {}.", "es": "De un archivo: {}."},
)
REVIEW = Said(
    ask={
        "en": "How many products are right and ready? Look through the list, and send it on.",
        "es": "¿Cuántos productos están bien y listos? Repasa la lista y envíala.",
    },
    label={"en": "Products that are ready", "es": "Productos listos"},
    confirm={"en": "Ready: {}.", "es": "Listos: {}."},
)
SYNC_ID = Said(label={"en": "Sync", "es": "Sincronización"})

CONNECTOR = "source_connections"
COUNTER = "stock_capture"
REVIEWER = "stock_review"
SPEAKERS = {
    "connect_mail": CONNECTOR,
    "connect_accounting": CONNECTOR,
    "urls": COUNTER,
    "barcodes": COUNTER,
    "photos": COUNTER,
    "csv": COUNTER,
    "review": REVIEWER,
}
"""Which agent asks, by state."""

AGENTS = (
    Agent(
        key=CONNECTOR,
        task=(
            "You help somebody to connect the mailbox and the accounting that their goods can be read from. You "
            "say that each can be skipped. You never ask for a password, and never make up a connection."
        ),
        name={"en": "Connections", "es": "Conexiones"},
        greeting={
            "en": "Welcome! Let us gather what you sell. Connect what knows it already, or skip that.",
            "es": "¡Hola! Reunamos lo que vendes. Conecta lo que ya lo sabe; todo se puede saltar.",
        },
        hand_over={
            "en": "Let us connect what knows your goods already.",
            "es": "Conectemos lo que ya conoce tus productos.",
        },
    ),
    Agent(
        key=COUNTER,
        task=(
            "You help somebody to gather their goods: from web pages, by barcodes, by photos, from a file. "
            "You ask how many there are, say that each way can be skipped, and never make up a number."
        ),
        name={"en": "Stock capture", "es": "Captura de existencias"},
        greeting={
            "en": "Welcome! Let us gather your goods, by link, barcode, photo or file.",
            "es": "¡Hola! Reunamos tus productos, por enlace, código de barras, foto o archivo.",
        },
        hand_over={
            "en": "Now the goods themselves: by link, barcode, photo or file.",
            "es": "Ahora los productos: por enlace, código de barras, foto o archivo.",
        },
    ),
    Agent(
        key=REVIEWER,
        task=(
            "You help somebody to look through the goods that were found, before they are sent on. You judge "
            "none of them yourself."
        ),
        name={"en": "Stock review", "es": "Revisión de existencias"},
        greeting={"en": "Welcome! Let us look through your goods.", "es": "¡Hola! Repasemos tus productos."},
        hand_over={
            "en": "Everything is gathered. Let us look through it once.",
            "es": "Ya está todo reunido. Repasémoslo una vez.",
        },
    ),
)

WORDINGS = {
    "connect_mail": (
        Wording(
            title="Connect your mail",
            description="A mailbox from which orders and invoices can be read.",
            opener="Do your orders arrive by mail? Connect the mailbox on this page, or skip this.",
            why_we_ask="Orders tell what you buy, how often, and from whom.",
        ),
        Wording(
            title="Conecta tu correo",
            description="Un buzón del que leer pedidos y facturas.",
            opener="¿Recibes los pedidos por correo? Conecta el buzón en esta página, o salta este paso.",
            why_we_ask="Los pedidos dicen qué compras, cada cuánto y a quién.",
        ),
    ),
    "connect_accounting": (
        Wording(
            title="Connect your accounting",
            description="An accounting program that knows your goods and suppliers.",
            opener="Do you use QuickBooks or Xero? Connect it on this page, or skip this.",
            why_we_ask="What is booked there need not be typed in again.",
        ),
        Wording(
            title="Conecta tu contabilidad",
            description="Un programa de contabilidad que conoce tus productos y proveedores.",
            opener="¿Usas QuickBooks o Xero? Conéctalo en esta página, o salta este paso.",
            why_we_ask="Lo que ya está anotado ahí no hay que volver a escribirlo.",
        ),
    ),
    "urls": (
        Wording(
            title="Products on web pages",
            description="Links to pages of products that you buy or sell.",
            opener="Are there web pages of your products? Paste their links, or skip this.",
            why_we_ask="Name, picture and price are read from the page.",
        ),
        Wording(
            title="Productos en páginas web",
            description="Enlaces a páginas de productos que compras o vendes.",
            opener="¿Hay páginas web de tus productos? Pega los enlaces, o salta este paso.",
            why_we_ask="Nombre, imagen y precio se leen de la página.",
        ),
    ),
    "barcodes": (
        Wording(
            title="Barcodes",
            description="Products that you scan with your phone.",
            opener="Do your products have barcodes? Scan them with your phone, or skip this.",
            why_we_ask="A barcode says exactly which product it is.",
        ),
        Wording(
            title="Códigos de barras",
            description="Productos que escaneas con el móvil.",
            opener="¿Tienen tus productos código de barras? Escanéalos con el móvil, o salta este paso.",
            why_we_ask="Un código de barras dice exactamente qué producto es.",
        ),
    ),
    "photos": (
        Wording(
            title="Photos",
            description="Products that have no barcode, as photos.",
            opener="Are there products without a barcode? Take photos of them, or skip this.",
            why_we_ask="What stands on the package is read from the photo.",
        ),
        Wording(
            title="Fotos",
            description="Productos sin código de barras, en fotos.",
            opener="¿Hay productos sin código de barras? Hazles fotos, o salta este paso.",
            why_we_ask="Lo que pone en el envase se lee de la foto.",
        ),
    ),
    "csv": (
        Wording(
            title="A file",
            description="A list of products that you have already, as CSV.",
            opener="Do you have a list of your products? Upload it as a CSV file, or skip this.",
            why_we_ask="A list that is there saves you the typing.",
        ),
        Wording(
            title="Un archivo",
            description="Una lista de productos que ya tienes, en CSV.",
            opener="¿Tienes una lista de tus productos? Súbela como archivo CSV, o salta este paso.",
            why_we_ask="Una lista que ya existe te ahorra escribir.",
        ),
    ),
    "review": (
        Wording(
            title="Review",
            description="What was found, looked through and sent on.",
            opener="Please look through the list: what is right, what is missing, what shall go?",
            why_we_ask="Only what you have approved is sent on.",
        ),
        Wording(
            title="Revisión",
            description="Lo que se ha encontrado, repasado y enviado.",
            opener="Repasa la lista, por favor: ¿qué está bien, qué falta, qué sobra?",
            why_we_ask="Solo se envía lo que has aprobado.",
        ),
    ),
}
"""What each state says, in English and in Spanish."""
