"""Deploys a built template into moto's CloudFormation, and says as JSON what stands there then.

stack.py TEMPLATE ENDPOINT: SAM's own translator makes plain CloudFormation of the template, as AWS does when it is
deployed. What moto's CloudFormation leaves out of a bucket is then set with S3's API, by the same template. Resources of
kinds that moto does not know are listed under "left". CUTLINE_TEST_SECRET, if set, becomes the parameter /cutline/newsroom.
"""
import io
import json
import os
import sys
import zipfile

import boto3
from samtranslator.parser import parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

path, endpoint = sys.argv[1:]
region, account, stack = "eu-central-1", "123456789012", "cutline"
keys = dict(region_name=region, endpoint_url=endpoint, aws_access_key_id="test", aws_secret_access_key="test")
s3, sqs, cf, fn, logs = (boto3.client(c, **keys) for c in ("s3", "sqs", "cloudformation", "lambda", "logs"))

with open(path) as f:
    doc = yaml_parse(f.read())
s3.create_bucket(Bucket="code", CreateBucketConfiguration={"LocationConstraint": region})
for name, r in doc["Resources"].items():  # what sam package does
    if r["Type"] == "AWS::Serverless::Function":
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as z:
            z.writestr("bootstrap", "not run here")
        s3.put_object(Bucket="code", Key=name, Body=code.getvalue())
        r["Properties"]["CodeUri"] = {"Bucket": "code", "Key": name}
plain = Translator({}, parser.Parser(), boto_session=boto3.Session(region_name=region)).translate(doc, {})
types = {name: r["Type"] for name, r in plain["Resources"].items()}
mappings = [r["Properties"] for r in plain["Resources"].values() if r["Type"] == "AWS::Lambda::EventSourceMapping"]
# moto would take the messages of a mapping away and try to run the code by itself; of versions, aliases and what deploys them it has
# no use, nor of the dashboard, which refers to them all.
left_out = ("AWS::Lambda::EventSourceMapping", "AWS::Lambda::EventInvokeConfig", "AWS::Lambda::Version", "AWS::Lambda::Alias", "AWS::CodeDeploy::", "AWS::CloudWatch::Dashboard")
for name in [n for n, t in types.items() if t.startswith(left_out)]:
    del plain["Resources"][name]


def unaliased(v):
    """v with each reference to a function's alias in place of it to the function."""
    if isinstance(v, list):
        return [unaliased(x) for x in v]
    if not isinstance(v, dict):
        return v
    if isinstance(v.get("Ref"), str):
        return {"Ref": v["Ref"].removesuffix("Aliaslive")}
    return {k: unaliased(x) for k, x in v.items()}


plain["Resources"] = unaliased(plain["Resources"])
plain["Outputs"] = {k: v for k, v in plain["Outputs"].items() if k == "BucketName"}  # the others are of kinds that moto lacks
cf.create_stack(StackName=stack, TemplateBody=json.dumps(plain), Capabilities=["CAPABILITY_IAM"])
status = cf.describe_stacks(StackName=stack)["Stacks"][0]

made = {}
for page in cf.get_paginator("list_stack_resources").paginate(StackName=stack):
    for r in page["StackResourceSummaries"]:
        if r.get("LogicalResourceId"):
            made[r["LogicalResourceId"]] = r.get("PhysicalResourceId", "")
urls = {u.rsplit("/", 1)[1].split("-")[1]: u for u in sqs.list_queues()["QueueUrls"]}
attributes = {n: sqs.get_queue_attributes(QueueUrl=u, AttributeNames=["All"])["Attributes"] for n, u in urls.items()}


def resolved(v):
    """v with !Ref, !Sub and !GetAtt of what the bucket refers to."""
    if isinstance(v, list):
        return [resolved(x) for x in v]
    if not isinstance(v, dict):
        return v
    if "Fn::GetAtt" in v and v["Fn::GetAtt"][1] == "Arn":
        return attributes[v["Fn::GetAtt"][0]]["QueueArn"]
    return {k: resolved(x) for k, x in v.items()}


bucket = f"{stack}-{account}-{region}"
p = plain["Resources"]["Bucket"]["Properties"]
s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=p["VersioningConfiguration"])
s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=p["PublicAccessBlockConfiguration"])
rules = []
for r in p["LifecycleConfiguration"]["Rules"]:  # CloudFormation's words for it are not S3's
    r = dict(r, ID=r.pop("Id"), Filter={"Prefix": r.pop("Prefix", "")})
    if "ExpirationInDays" in r:
        r["Expiration"] = {"Days": r.pop("ExpirationInDays")}
    if "ExpiredObjectDeleteMarker" in r:
        r["Expiration"] = {"ExpiredObjectDeleteMarker": r.pop("ExpiredObjectDeleteMarker")}
    if "Transitions" in r:
        r["Transitions"] = [{"StorageClass": t["StorageClass"], "Days": t["TransitionInDays"]} for t in r["Transitions"]]
    rules.append(r)
s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": rules})
notify = []
for q in p["NotificationConfiguration"]["QueueConfigurations"]:
    q = resolved(q)
    notify.append({"QueueArn": q["Queue"], "Events": [q["Event"]], "Filter": {"Key": {"FilterRules": q["Filter"]["S3Key"]["Rules"]}}})
s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={"QueueConfigurations": notify})

if secret := os.environ.get("CUTLINE_TEST_SECRET"):
    boto3.client("ssm", **keys).put_parameter(Name="/cutline/newsroom", Type="SecureString", Value=secret)

functions = {}
for f in fn.list_functions()["Functions"]:
    name = f["FunctionName"].split("-")[1]
    functions[name] = {k: f.get(k) for k in ("Runtime", "Handler", "MemorySize", "Timeout", "Architectures")}
    functions[name]["Environment"] = f["Environment"]["Variables"]
triggers = [
    {"Function": m["FunctionName"]["Ref"].removesuffix("Aliaslive"), "Queue": m["EventSourceArn"]["Fn::GetAtt"][0], **{k: m.get(k) for k in ("BatchSize", "FunctionResponseTypes")}}
    for m in mappings
]
json.dump(
    {
        "status": status["StackStatus"],
        "bucket": bucket,
        "types": types,
        "left": sorted(n for n in types if n not in made),
        "queues": urls,
        "attributes": attributes,
        "functions": functions,
        "triggers": triggers,
        "notifications": s3.get_bucket_notification_configuration(Bucket=bucket).get("QueueConfigurations"),
        "versioning": s3.get_bucket_versioning(Bucket=bucket).get("Status"),
        "lifecycle": [r["ID"] for r in s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]],
        "groups": {g["logGroupName"]: g.get("retentionInDays") for g in logs.describe_log_groups()["logGroups"]},
    },
    sys.stdout,
    indent=1,
)
