"""What differs between AWS itself, AWS in China and AWS GovCloud."""

__all__ = ["dns_suffix", "partition_of"]


def partition_of(region: str) -> str:
    """Return the second part of every ARN in a region."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


def dns_suffix(region: str) -> str:
    """Return what the names of a region's endpoints end in."""
    return "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
