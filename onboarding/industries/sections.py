"""The 21 sections of ISIC Rev. 4, in their order: what the API calls categories.

Source: United Nations, International Standard Industrial Classification of All Economic Activities, Revision 4
(Statistical Papers, Series M, No. 4), and its Spanish edition.
"""

from collections.abc import Mapping

from msgspec import Struct


class Section(Struct, frozen=True, kw_only=True):
    """A section: `code` is its letter, `first` the code of its first division, `name` stands by language."""

    key: str
    code: str
    first: str
    name: Mapping[str, str]


_TEXT = """
A | 01 | agriculture | Agriculture, forestry and fishing | Agricultura, ganadería, silvicultura y pesca
B | 05 | mining | Mining and quarrying | Explotación de minas y canteras
C | 10 | manufacturing | Manufacturing | Industrias manufactureras
D | 35 | energy_supply | Electricity, gas, steam and air conditioning supply \
  | Suministro de electricidad, gas, vapor y aire acondicionado
E | 36 | water_and_waste | Water supply; sewerage, waste management and remediation activities \
  | Suministro de agua; evacuación de aguas residuales, gestión de desechos y descontaminación
F | 41 | construction | Construction | Construcción
G | 45 | trade | Wholesale and retail trade; repair of motor vehicles and motorcycles \
  | Comercio al por mayor y al por menor; reparación de vehículos automotores y motocicletas
H | 49 | transport_and_storage | Transportation and storage | Transporte y almacenamiento
I | 55 | accommodation_and_food | Accommodation and food service activities \
  | Actividades de alojamiento y de servicio de comidas
J | 58 | information_and_communication | Information and communication | Información y comunicaciones
K | 64 | finance_and_insurance | Financial and insurance activities | Actividades financieras y de seguros
L | 68 | property | Real estate activities | Actividades inmobiliarias
M | 69 | professional_services | Professional, scientific and technical activities \
  | Actividades profesionales, científicas y técnicas
N | 77 | business_support | Administrative and support service activities \
  | Actividades de servicios administrativos y de apoyo
O | 84 | government | Public administration and defence; compulsory social security \
  | Administración pública y defensa; planes de seguridad social de afiliación obligatoria
P | 85 | teaching | Education | Enseñanza
Q | 86 | health_and_social_work | Human health and social work activities \
  | Actividades de atención de la salud humana y de asistencia social
R | 90 | arts_and_recreation | Arts, entertainment and recreation \
  | Actividades artísticas, de entretenimiento y recreativas
S | 94 | other_services | Other service activities | Otras actividades de servicios
T | 97 | households | Activities of households as employers; undifferentiated goods- and services-producing \
activities of households for own use \
  | Actividades de los hogares como empleadores; actividades no diferenciadas de los hogares como productores \
de bienes y servicios para uso propio
U | 99 | international_organizations | Activities of extraterritorial organizations and bodies \
  | Actividades de organizaciones y órganos extraterritoriales
"""


def _section(line: str) -> Section:
    code, first, key, en, es = (part.strip() for part in line.split(" | "))
    return Section(key=key, code=code, first=first, name={"en": en, "es": es})


SECTIONS: dict[str, Section] = {section.code: section for section in map(_section, _TEXT.strip().splitlines())}
"""By letter."""


def section_called(name: str) -> Section | None:
    """The section with this key or letter, in either case; None when there is none."""
    folded = name.strip().casefold()
    return next((s for s in SECTIONS.values() if folded in (s.key, s.code.casefold())), None)
