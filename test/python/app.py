"""Every construct, from Python. twin.ts says the same in TypeScript, and both must synthesize the same template."""

import os
from datetime import datetime, timezone

from aws_cdk import App, Duration, RemovalPolicy, Size, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from cdk_async_patterns import (
    ApiAuthorization,
    AsyncApi,
    AsyncDashboard,
    AsyncDestination,
    AsyncFunction,
    AsyncWorker,
    Backoff,
    Backpressure,
    CircuitBreaker,
    EventLog,
    FanOutTopic,
    Handler,
    Idempotency,
    KafkaAuthentication,
    LoadLevelingQueue,
    MessageFilter,
    MessageMatch,
    Pace,
    PaceChange,
    PayloadStore,
    StreamSource,
    StreamWorker,
    Webhook,
)

ORDERS = "test/python/handlers/orders.ts"
CHARGES = "test/python/handlers/charges.ts"
CLICKS = "test/python/handlers/clicks.ts"
CLUSTER = "arn:aws:kafka:us-east-1:123456789012:cluster/events/9c8ad5a3-2f5d-4e0b-8f7e-1c2d3e4f5a6b-2"
THUMBNAILS = "test/python/handlers/thumbnails.ts"

app = App(outdir=os.environ["CDK_OUTDIR"], analytics_reporting=False)
stack = Stack(app, "Stack")
key = kms.Key(stack, "Key", enable_key_rotation=True, removal_policy=RemovalPolicy.DESTROY)
alarm_topic = sns.Topic(stack, "Alarms", enforce_ssl=True, master_key=key)
api = lambda_.Function(
    stack,
    "Api",
    runtime=lambda_.Runtime.NODEJS_24_X,
    handler="index.handler",
    code=lambda_.Code.from_inline("exports.handler = async () => {}"),
)

payload_store = PayloadStore(
    stack,
    "Payloads",
    threshold=Size.kibibytes(128),
    expiration=Duration.days(60),
    encryption_key=key,
)

breaker = CircuitBreaker(
    stack,
    "Breaker",
    failure_ratio=0.25,
    minimum_calls=20,
    window=Duration.minutes(2),
    cool_down=Duration.seconds(30),
    alarm_topic=alarm_topic,
)

orders = AsyncWorker(
    stack,
    "Orders",
    handler=Handler.from_entry(ORDERS),
    timeout=Duration.seconds(20),
    memory_size=512,
    batch_size=100,
    max_batching_window=Duration.seconds(2),
    max_concurrency=5,
    max_receive_count=8,
    backoff=Backoff.exponential(initial=Duration.seconds(2), max=Duration.minutes(1), factor=3),
    payload_store=payload_store,
    encryption_key=key,
    alarm_topic=alarm_topic,
    environment={"STAGE": "test"},
)
orders.connect_producer(api, "orders", schedules=True)
orders.grant_send_messages(api)
cloudwatch.Alarm(
    stack,
    "ManyRetries",
    metric=orders.metric_retried(period=Duration.minutes(1)),
    threshold=100,
    evaluation_periods=1,
)

charges = AsyncWorker(
    stack,
    "Charges",
    handler=Handler.from_entry(CHARGES, minify=True, architecture=lambda_.Architecture.X86_64),
    fifo=True,
    backoff=Backoff.constant(Duration.seconds(7)),
    idempotency=Idempotency.table(retention=Duration.days(10), lease_duration=Duration.minutes(1)),
    circuit_breaker=breaker,
)
orders.connect_producer(charges.function, "orders")

events = FanOutTopic(
    stack,
    "Events",
    fifo=True,
    archive=Duration.days(30),
    payload_store=payload_store,
    encryption_key=key,
    alarm_topic=alarm_topic,
)
events.add_worker("Billing", handler=Handler.from_entry(ORDERS), raw_message_delivery=False)
events.add_worker(
    "Audit",
    handler=Handler.from_entry(ORDERS),
    unordered=True,
    filter=MessageFilter.body(
        {
            "customer": MessageMatch.nested({"country": MessageMatch.strings("CH", "DE")}),
            "amount": MessageMatch.numeric(greater_than=100, less_than_or_equal_to=1000),
        }
    ),
    replay_from=datetime(2026, 11, 1, tzinfo=timezone.utc),
)
events.add_queue(sqs.Queue(stack, "Given", fifo=True, enforce_ssl=True, encryption_master_key=key))
events.connect_publisher(api, "events")

notices = FanOutTopic(stack, "Notices")
notices.add_function(
    api,
    filter=MessageFilter.attributes({"kind": MessageMatch.any_of(MessageMatch.prefix("order."), MessageMatch.absent())}),
)

mails = LoadLevelingQueue(
    stack,
    "Mails",
    handler=Handler.from_entry(ORDERS),
    pace=Pace.rate(100, Duration.seconds(1)),
    backpressure=Backpressure.time_to_drain(Duration.minutes(10)),
    schedule=[PaceChange(at=scheduler.ScheduleExpression.cron(hour="3", minute="0"), pace=Pace.closed())],
)
mails.connect_producer(api, "mails")

thumbnails = AsyncFunction(
    stack,
    "Thumbnails",
    handler=Handler.from_entry(THUMBNAILS),
    on_success=AsyncDestination.worker(orders),
    retry_attempts=1,
    max_event_age=Duration.hours(1),
)
thumbnails.connect_invoker(api, "thumbnails")

StreamWorker(
    stack,
    "Clicks",
    source=StreamSource.kinesis(kinesis.Stream(stack, "ClickStream")),
    handler=Handler.from_entry(CLICKS),
    batch_size=50,
    parallelization_factor=2,
    filters=[lambda_.FilterCriteria.filter({"data": {"kind": lambda_.FilterRule.is_equal("click")}})],
)
StreamWorker(
    stack,
    "Payments",
    source=StreamSource.msk(CLUSTER, "payments", authentication=KafkaAuthentication.iam()),
    handler=Handler.from_entry(CLICKS),
)

log = EventLog(stack, "Log", removal_policy=RemovalPolicy.DESTROY, encryption_key=key, alarm_topic=alarm_topic)
log.add_worker("Placed", handler=Handler.from_entry(ORDERS), types=["OrderPlaced"])
log.connect_writer(api, "log")

ended = FanOutTopic(stack, "Ended")
invoices = AsyncWorker(stack, "Invoices", handler=Handler.from_entry(ORDERS))
jobs = AsyncApi(
    stack,
    "Jobs",
    queue=invoices,
    handler=Handler.from_entry(ORDERS),
    authorization=ApiAuthorization.lambda_(api),
    max_age=Duration.hours(2),
    max_body_size=Size.kibibytes(64),
    completions=ended,
    webhook=Webhook.to_callers(timeout=Duration.seconds(5)),
)
jobs.connect_client(thumbnails.function, "jobs")

AsyncDashboard(stack, "Dashboard")

app.synth()
