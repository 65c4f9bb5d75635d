"""What companies measure, by key: the measures that `divisions` names for each industry."""

_TEXT = """
absence_rate | Staff absence rate | Tasa de ausentismo del personal
accident_rate | Lost-time accident rate | Tasa de accidentes con baja
acquisition_cost | Customer acquisition cost | Costo de adquisición de clientes
active_users | Monthly active users | Usuarios activos al mes
adr | Average daily rate | Tarifa media diaria
aht | Average handling time | Tiempo medio de atención
animal_mortality | Animal mortality rate | Tasa de mortalidad animal
arpu | Average revenue per user | Ingreso medio por usuario
assets_managed | Assets under management | Activos bajo gestión
audience | Audience reached | Audiencia alcanzada
average_basket | Average basket value | Valor medio de la compra
backlog | Order backlog | Cartera de pedidos pendientes
bed_occupancy | Bed occupancy | Ocupación de camas
bid_win_rate | Share of bids won | Proporción de ofertas ganadas
billable_hours | Share of billable hours | Proporción de horas facturables
bookings | Number of bookings | Número de reservas
budget_execution | Budget spent as planned | Ejecución del presupuesto
call_resolution | First-contact resolution | Resolución en el primer contacto
campaign_return | Return on advertising spend | Retorno de la inversión publicitaria
capacity_use | Use of capacity | Utilización de la capacidad
catch_per_trip | Catch per trip | Captura por salida
charter_rate | Revenue per vessel day | Ingreso por buque y día
churn | Customer churn | Tasa de abandono de clientes
citations | Citations per publication | Citas por publicación
claims_frequency | Claims frequency | Frecuencia de siniestros
clean_sites | Sites cleared on schedule | Terrenos saneados a tiempo
collection_rate | Share of fees collected | Proporción de honorarios cobrados
combined_ratio | Combined ratio | Ratio combinado
completion_rate | Course completion rate | Tasa de finalización de cursos
contamination_rate | Contamination of sorted waste | Impurezas en los residuos separados
conversion_rate | Conversion rate | Tasa de conversión
cost_income | Cost-to-income ratio | Ratio de eficiencia
cost_overrun | Cost against budget | Costo frente al presupuesto
cost_per_beneficiary | Cost per person helped | Costo por persona atendida
cost_per_km | Cost per kilometre | Costo por kilómetro
cost_per_tonne | Cost per tonne | Costo por tonelada
cost_per_unit | Cost per unit | Costo por unidad
crop_yield | Yield per hectare | Rendimiento por hectárea
csat | Customer satisfaction | Satisfacción de los clientes
days_on_market | Days on the market | Días en el mercado
days_receivable | Days to collect payment | Días de cobro
default_rate | Default rate | Tasa de morosidad
defect_rate | Defect rate | Tasa de defectos
delivery_success | Deliveries made at the first attempt | Entregas logradas al primer intento
deploy_frequency | Deployment frequency | Frecuencia de despliegue
donations | Donations raised | Donaciones recaudadas
downtime | Unplanned downtime | Paradas no planificadas
dropout_rate | Dropout rate | Tasa de deserción
emissions | Emissions per unit made | Emisiones por unidad producida
employee_turnover | Staff turnover | Rotación del personal
empty_km | Share of empty kilometres | Proporción de kilómetros en vacío
energy_per_unit | Energy per unit made | Energía por unidad producida
feed_conversion | Feed conversion ratio | Índice de conversión alimenticia
fill_rate | Order fill rate | Tasa de pedidos completos
first_fix | Repairs right the first time | Reparaciones resueltas a la primera
first_pass_yield | First-pass yield | Rendimiento a la primera
food_cost | Food cost share | Proporción del costo de alimentos
fuel_use | Fuel per kilometre | Combustible por kilómetro
funding_share | Grant money raised | Fondos de investigación obtenidos
gaming_revenue | Gross gaming revenue | Ingresos brutos del juego
grade | Ore grade | Ley del mineral
graduate_jobs | Graduates in work after six months | Egresados con empleo a los seis meses
gross_margin | Gross margin | Margen bruto
harvest_volume | Volume harvested | Volumen cosechado
incidents | Security incidents | Incidentes de seguridad
inspection_findings | Findings per inspection | Hallazgos por inspección
inventory_turnover | Inventory turnover | Rotación de inventario
lead_time | Order lead time | Plazo de entrega de pedidos
leads | Qualified leads | Contactos comerciales calificados
learning_gain | Learning gains | Progreso en el aprendizaje
lease_renewal | Lease renewal rate | Tasa de renovación de arrendamientos
licence_revenue | Licence revenue | Ingresos por licencias
load_factor | Load factor | Factor de ocupación
loss_ratio | Loss ratio | Índice de siniestralidad
matter_margin | Profit per matter | Margen por asunto
member_retention | Member retention | Retención de socios
members | Number of members | Número de socios
mrr | Monthly recurring revenue | Ingresos recurrentes mensuales
net_interest_margin | Net interest margin | Margen de interés neto
network_uptime | Network availability | Disponibilidad de la red
no_show_rate | Missed appointments | Citas perdidas
non_revenue_water | Water lost in the network | Agua perdida en la red
nps | Net promoter score | Índice de recomendación (NPS)
nrr | Net revenue retention | Retención neta de ingresos
occupancy | Occupancy | Tasa de ocupación
oee | Overall equipment effectiveness | Eficiencia general de los equipos
offer_acceptance | Offers accepted | Ofertas aceptadas
on_time | On-time performance | Puntualidad
on_time_delivery | Deliveries on time | Entregas a tiempo
order_accuracy | Orders without error | Pedidos sin errores
outage_minutes | Outage minutes per customer | Minutos de interrupción por cliente
overdue_maintenance | Overdue maintenance | Mantenimiento atrasado
parts_per_million | Defects per million parts | Defectos por millón de piezas
patent_count | Patents filed | Patentes solicitadas
patient_satisfaction | Patient satisfaction | Satisfacción de los pacientes
placements | Placements made | Contrataciones logradas
plan_compliance | Care plans followed | Planes de atención cumplidos
play_count | Views and plays | Reproducciones
policy_renewal | Policy renewal rate | Tasa de renovación de pólizas
power_cost | Cost per megawatt hour | Costo por megavatio hora
production_volume | Production volume | Volumen de producción
productivity | Output per hour worked | Producción por hora trabajada
project_margin | Project margin | Margen por proyecto
projects_on_time | Projects on schedule | Proyectos dentro de plazo
publications | Publications | Publicaciones
quality_complaints | Complaints per thousand units | Reclamaciones por cada mil unidades
readmissions | Readmission rate | Tasa de reingresos
recovery_rate | Recovery rate | Tasa de recuperación
recycling_rate | Recycling rate | Tasa de reciclaje
rejection_rate | Batches rejected | Lotes rechazados
repeat_customers | Repeat customers | Clientes que vuelven
replacement_ratio | Reserve replacement ratio | Índice de reposición de reservas
reseeding | Area replanted | Superficie reforestada
response_time | Response time | Tiempo de respuesta
retail_returns | Return rate of goods | Tasa de devoluciones
retention | Customer retention | Retención de clientes
revenue_growth | Revenue growth | Crecimiento de los ingresos
revpar | Revenue per available room | Ingreso por habitación disponible
rework | Rework rate | Tasa de retrabajo
sales_per_seat | Revenue per seat hour | Ingreso por asiento y hora
satisfaction_citizens | Citizen satisfaction | Satisfacción de la ciudadanía
same_store_sales | Same-store sales growth | Crecimiento de ventas en tiendas comparables
scrap_rate | Scrap rate | Tasa de desperdicio
seasonal_sell_through | Sell-through of the season | Venta de la temporada
service_level | Service level | Nivel de servicio
service_revenue | Service revenue share | Proporción de ingresos por servicios
shrinkage | Stock shrinkage | Merma de existencias
spoilage | Spoilage | Producto perdido o vencido
spread | Bid-ask spread | Diferencial de compraventa
storage_use | Use of storage space | Uso del espacio de almacenamiento
subscriber_growth | Subscriber growth | Crecimiento de suscriptores
survey_response | Survey response rate | Tasa de respuesta a encuestas
table_turnover | Table turnover | Rotación de mesas
ticket_sales | Tickets sold | Entradas vendidas
time_to_fill | Time to fill a position | Tiempo para cubrir una vacante
time_to_market | Time to market | Tiempo de salida al mercado
tonnes_moved | Tonnes moved | Toneladas movidas
trading_volume | Trading volume | Volumen negociado
treatment_quality | Samples within limits | Muestras dentro de los límites
turnaround_time | Turnaround time | Tiempo de entrega del trabajo
uptime | Service availability | Disponibilidad del servicio
utilization | Utilization of staff | Ocupación del personal
utilization_fleet | Use of rented assets | Uso de los bienes alquilados
vacancy_rate | Vacancy rate | Tasa de desocupación
value_per_visit | Revenue per visit | Ingreso por visita
visitors | Number of visitors | Número de visitantes
volunteer_hours | Volunteer hours | Horas de voluntariado
wait_time | Waiting time | Tiempo de espera
warranty_cost | Warranty cost | Costo de garantías
water_per_unit | Water per unit made | Agua por unidad producida
well_output | Output per well | Producción por pozo
yield_rate | Process yield | Rendimiento del proceso
"""

METRICS: dict[str, dict[str, str]] = {
    key: {"en": en, "es": es} for key, en, es in (line.split(" | ") for line in _TEXT.strip().splitlines())
}
"""The name of each measure by language."""
