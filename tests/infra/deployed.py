"""What is deployed in an account and Region of an AWS, read back through its APIs and freed of what must differ."""

import json
import re

PREFIXES = ("v2only", "/v2only", "/aws/lambda/v2only")
QUEUE_ATTRIBUTES = (
    "VisibilityTimeout",
    "MessageRetentionPeriod",
    "DelaySeconds",
    "SqsManagedSseEnabled",
    "RedrivePolicy",
    "RedriveAllowPolicy",
    "Policy",
)
FUNCTION_FIELDS = (
    "Runtime",
    "Handler",
    "Timeout",
    "MemorySize",
    "Architectures",
    "Role",
    "Environment",
    "CodeSha256",
    "Description",
)
MAPPING_FIELDS = ("EventSourceArn", "BatchSize", "FunctionResponseTypes", "ScalingConfig", "State")
SCHEDULE_TARGET_FIELDS = ("Arn", "RoleArn", "Input", "DeadLetterConfig")
ALARM_FIELDS = (
    "AlarmDescription",
    "Namespace",
    "MetricName",
    "Dimensions",
    "Statistic",
    "Period",
    "EvaluationPeriods",
    "Threshold",
    "ComparisonOperator",
    "TreatMissingData",
    "AlarmActions",
)


class Deployed:
    """One account and Region. `kinds()` is everything of ours in it."""

    def __init__(self, client, url: str, account: str, region: str = "us-east-1"):
        self.client = lambda service: client(service, url, region=region, account=account)
        self.account, self.region = account, region

    def kinds(self) -> dict[str, dict]:
        found = {
            "buses": self.buses(),
            "rules": self.rules(),
            "queues": self.queues(),
            "functions": self.functions(),
            "recursion": self.recursion(),
            "mappings": self.mappings(),
            "schedules": self.schedules(),
            "roles": self.roles(),
            "parameters": self.parameters(),
            "log groups": self.log_groups(),
            "metric filters": self.metric_filters(),
            "alarms": self.alarms(),
            "dashboards": self.dashboards(),
        }
        return json.loads(json.dumps(found).replace(self.account, "ACCOUNT"))

    def buses(self) -> dict:
        buses = self.client("events").list_event_buses()["EventBuses"]
        return {it["Name"]: {} for it in buses if it["Name"].startswith(PREFIXES)}

    def rules(self) -> dict:
        events, found = self.client("events"), {}
        for bus in ["default", *self.buses()]:
            for rule in events.list_rules(EventBusName=bus)["Rules"]:
                targets = events.list_targets_by_rule(Rule=rule["Name"], EventBusName=bus)["Targets"]
                found[f"{bus}/{rule['Name']}"] = {
                    "pattern": json.loads(rule["EventPattern"]),
                    "state": rule["State"],
                    "description": rule["Description"],
                    "targets": targets,
                }
        return found

    def queues(self) -> dict:
        sqs, found = self.client("sqs"), {}
        for url in sqs.list_queues().get("QueueUrls", []):
            said = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
            kept = {name: said[name] for name in QUEUE_ATTRIBUTES if name in said}
            found[url.rsplit("/", 1)[1]] = {
                name: json.loads(value) if value.startswith("{") else value for name, value in kept.items()
            }
        return found

    def functions(self) -> dict:
        said = self.client("lambda").list_functions()["Functions"]
        found = {it["FunctionName"]: {name: it[name] for name in FUNCTION_FIELDS} for it in said}
        # Queues are known by their URLs, and the emulator names itself as it was called: by either name, or by the relay.
        return json.loads(re.sub(r"http://(?:localhost|127\.0\.0\.1):\d+/", "http://emulator/", json.dumps(found)))

    def recursion(self) -> dict:
        functions = self.client("lambda")
        names = [it["FunctionName"] for it in functions.list_functions()["Functions"]]
        return {it: functions.get_function_recursion_config(FunctionName=it)["RecursiveLoop"] for it in names}

    def mappings(self) -> dict:
        said = self.client("lambda").list_event_source_mappings()["EventSourceMappings"]
        return {it["FunctionArn"].rsplit(":", 1)[1]: {name: it[name] for name in MAPPING_FIELDS} for it in said}

    def schedules(self) -> dict:
        scheduler, found = self.client("scheduler"), {}
        for it in scheduler.list_schedules()["Schedules"]:
            said = scheduler.get_schedule(Name=it["Name"], GroupName=it["GroupName"])
            target = {name: value for name, value in said["Target"].items() if name in SCHEDULE_TARGET_FIELDS}
            found[it["Name"]] = {
                "when": said["ScheduleExpression"],
                "state": said["State"],
                "window": said["FlexibleTimeWindow"],
                "description": said.get("Description"),
                "target": target | {"Input": json.dumps(json.loads(target["Input"]))},
            }
        return found

    def roles(self) -> dict:
        iam, found = self.client("iam"), {}
        for role in iam.list_roles()["Roles"]:
            name = role["RoleName"]
            if not name.startswith(PREFIXES):
                continue
            policies = iam.list_role_policies(RoleName=name)["PolicyNames"]
            assert not iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
            found[name] = {
                "trust": role["AssumeRolePolicyDocument"],
                "description": role.get("Description"),
                "policies": {
                    it: iam.get_role_policy(RoleName=name, PolicyName=it)["PolicyDocument"] for it in policies
                },
            }
        return found

    def parameters(self) -> dict:
        ssm = self.client("ssm")
        said = ssm.get_parameters_by_path(Path="/v2only", Recursive=True)["Parameters"]
        return {it["Name"]: {"value": it["Value"], "type": it["Type"]} for it in said}

    def log_groups(self) -> dict:
        said = self.client("logs").describe_log_groups()["logGroups"]
        return {it["logGroupName"]: it["retentionInDays"] for it in said if it["logGroupName"].startswith(PREFIXES)}

    def metric_filters(self) -> dict:
        said = self.client("logs").describe_metric_filters()["metricFilters"]
        kept = ("logGroupName", "filterPattern", "metricTransformations")
        return {it["filterName"]: {name: it[name] for name in kept} for it in said}

    def alarms(self) -> dict:
        said = self.client("cloudwatch").describe_alarms()["MetricAlarms"]
        return {it["AlarmName"]: {name: it.get(name) for name in ALARM_FIELDS} for it in said}

    def dashboards(self) -> dict:
        cloudwatch = self.client("cloudwatch")
        names = [it["DashboardName"] for it in cloudwatch.list_dashboards()["DashboardEntries"]]
        return {it: json.loads(cloudwatch.get_dashboard(DashboardName=it)["DashboardBody"]) for it in names}
