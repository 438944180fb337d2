"""Starts the emulator so that it authorises each call as AWS does.

The emulator's own enforced IAM (AUTH=true) evaluates policies well, but asks for some calls under names or resources that
AWS does not use. What differs is put right here, call by call, so that the policies that are deployed are the library's
own, to the letter. What roles asked for, and the answer, is written down for those who prove that nothing is granted in vain.

What it does not ask about stays so: what services do with a function's or another role (Lambda's pollers and destinations,
EventBridge Scheduler, what functions write to their logs), keys, traces, and the condition key dynamodb:LeadingKeys.
"""

import contextvars
import json
import os
import re
import time

from ministack import app
from ministack.core import iam_actions, iam_evaluator, sigv4

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsns.html
ACTION_OF_BATCH = {
    "sqs:SendMessageBatch": "sqs:SendMessage",
    "sqs:DeleteMessageBatch": "sqs:DeleteMessage",
    "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
    "sns:PublishBatch": "sns:Publish",
}

# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-iam.html
PARTIQL_CALLS = {"dynamodb:ExecuteStatement", "dynamodb:BatchExecuteStatement", "dynamodb:ExecuteTransaction"}
PARTIQL = re.compile(
    r"""^\s*(?:(INSERT)\s+INTO|(UPDATE)|(DELETE)\s+FROM|(SELECT)\b.*?\bFROM)\s+"?([\w.-]+)"?(?:\."([\w.-]+)")?""",
    re.IGNORECASE | re.DOTALL,
)

# What else the call that is being authorised needs: action, resource, condition keys.
also_needed = contextvars.ContextVar("also_needed", default=())


def fields_of(body):
    try:
        parsed = json.loads(body or b"{}")
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


own_checks = iam_actions.dynamodb_transaction_checks


def checks_of_statements(action, body, region, account):
    """PartiQL is authorised statement by statement: its verb on its table."""
    if action not in PARTIQL_CALLS:
        return own_checks(action, body, region, account)
    request = fields_of(body)
    checks = []
    for each in request.get("Statements") or request.get("TransactStatements") or [request]:
        match = PARTIQL.match(each.get("Statement") or "")
        if match is None:
            raise ValueError("PartiQL that is not understood")
        verb = next(filter(None, match.groups()[:4])).capitalize()
        index = f"/index/{match[6]}" if match[6] else ""
        checks.append((f"dynamodb:PartiQL{verb}", f"arn:aws:dynamodb:{region}:{account}:table/{match[5]}{index}"))
    return checks


own_lambda_action = iam_actions._lambda_action


def lambda_action(method, path):
    """A mapping that is named in the path is read, changed or deleted; the emulator lists it, or asks nothing."""
    parts = [part for part in path.split("/") if part]
    if len(parts) > 2 and parts[1] == "event-source-mappings":
        return {"GET": "Get", "PUT": "Update", "DELETE": "Delete"}[method] + "EventSourceMapping"
    return own_lambda_action(method, path)


own_resource = iam_actions.extract_resource_arn


def resource_arn(service, method, path, headers, body, query_params, region, account):
    also_needed.set(())
    request = fields_of(body) if service in ("dynamodbstreams", "kinesis", "scheduler") else {}
    if service == "dynamodbstreams":
        # The emulator knows no resource here. An iterator names its stream.
        from ministack.services.dynamodb_streams import _decode_iterator

        iterator = _decode_iterator(request.get("ShardIterator") or "") or {}
        return request.get("StreamArn") or iterator.get("arn") or "*"
    if service == "kinesis" and "ShardIterator" in request:
        from ministack.services import kinesis

        return (kinesis._shard_iterators.get(request["ShardIterator"]) or {}).get("stream_arn", "*")
    if service == "scheduler" and "/schedules/" in path:
        # In its group, where the emulator takes all to be in the default one. Who passes a role must be allowed to.
        group = request.get("GroupName") or iam_actions._query_param(query_params, "groupName") or "default"
        role = (request.get("Target") or {}).get("RoleArn")
        if role:
            also_needed.set((("iam:PassRole", role, {"iam:PassedToService": "scheduler.amazonaws.com"}),))
        return f"arn:aws:scheduler:{region}:{account}:schedule/{group}/{path.rsplit('/', 1)[-1]}"
    return own_resource(service, method, path, headers, body, query_params, region, account)


def recorder(path):
    """Writes down what roles are allowed, once, and what they are denied, each time."""
    seen = set()
    log = open(path, "a", buffering=1, encoding="utf-8")

    def record(access_key, action, resource, denied):
        from ministack.services import sts

        arn = (sts._sessions.get(access_key) or {}).get("Arn", "")
        if ":assumed-role/" not in arn:
            return
        role = arn.split("/")[1]
        if not denied and (role, action, resource) in seen:
            return
        seen.add((role, action, resource))
        entry = {"role": role, "action": action, "resource": resource, "allowed": not denied, "at": time.time() * 1000}
        log.write(json.dumps(entry) + "\n")

    return record


own_enforce = iam_evaluator.enforce
record = recorder(os.environ["IAM_RECORD"])


def enforce(access_key, action, service, region, resource_arn="*", service_context=None):
    checks = [(ACTION_OF_BATCH.get(action, action), resource_arn, service_context), *also_needed.get()]
    for each, resource, context in checks:
        denied = own_enforce(access_key, each, service, region, resource, context)
        record(access_key, each, resource, denied)
        if denied:
            return denied
    return None


own_signature_failure = sigv4.header_signature_failure


def signature_failure(signature, secret, method, raw_path, query_params, headers, body, **options):
    """Over HTTP/2, which Kinesis is spoken over, the host is signed under the name that it has there."""
    headers = {**headers, ":authority": headers.get("host", "")}
    return own_signature_failure(signature, secret, method, raw_path, query_params, headers, body, **options)


iam_actions.dynamodb_transaction_checks = checks_of_statements
iam_actions._lambda_action = lambda_action
iam_actions.extract_resource_arn = resource_arn
iam_evaluator.enforce = enforce
sigv4.header_signature_failure = signature_failure
# One port is enough: over TLS it would take 443, too.
app._port_is_bindable = lambda host, port: False

if __name__ == "__main__":
    app.main()
