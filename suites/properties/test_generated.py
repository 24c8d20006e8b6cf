"""What generated requests are held to: one item for each rule and each list of requests that it judges.

The rules are next to the checks of their requirements, in `src/technogate/checks`; an item takes its requirement and
its subject from its rule.
"""

from fixtures.generated import HoldInOrder, HoldRequests, HoldSequences
from technogate.checks.family import GeneratedRule, SequenceRule


def test_generated_requests(check_generated: HoldRequests, generated_rule: GeneratedRule, request_list: str) -> None:
    """Every generated request of a list keeps the rule."""
    check_generated(generated_rule, request_list)


def test_generated_reads_in_order(check_in_order: HoldInOrder, order_rule: SequenceRule, request_list: str) -> None:
    """The allowed requests of a list, in the order sent, keep the rule."""
    check_in_order(order_rule, request_list)


def test_generated_sequences(check_sequences: HoldSequences, sequence_rule: SequenceRule) -> None:
    """Every generated sequence of requests keeps the rule."""
    check_sequences(sequence_rule)
