"""Prints what the SAM template becomes in CloudFormation, for cfn-lint.

cfn-lint on the template itself does not see what SAM adds: a circle of references
through an implicit resource passes it, and `sam validate --lint` too.
"""

import json
import os
import sys

from samtranslator.model.exceptions import InvalidDocumentException
from samtranslator.parser.parser import Parser
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse


class NoManagedPolicies:
    def load(self):
        return {}


def translated(file):
    """The template of a file as CloudFormation gets it; wrong ones raise InvalidDocumentException."""
    os.environ.setdefault("AWS_DEFAULT_REGION", "eu-central-1")
    with open(file, encoding="utf-8") as f:
        template = yaml_parse(f.read())
    # A deployment uploads the code; here it stands nowhere.
    template.get("Globals", {}).get("Function", {}).pop("CodeUri", None)
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource.setdefault("Properties", {})["CodeUri"] = {"Bucket": "placeholder", "Key": "placeholder"}
    # CloudFormation hands over what Parameter Store has, not its path: an ARN in what we have.
    values = {
        name: "arn:aws:lambda:eu-central-1:123456789012:function:placeholder"
        for name, parameter in template.get("Parameters", {}).items()
        if parameter["Type"].startswith("AWS::SSM::Parameter::Value")
    }
    return transform(template, values, NoManagedPolicies())


if __name__ == "__main__":
    try:
        json.dump(translated(sys.argv[1]), sys.stdout, indent=2)
    except InvalidDocumentException as e:
        sys.exit("\n  ".join([e.message] + [cause.message for cause in e.causes]))
