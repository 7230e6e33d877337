"""What the Numenta Anomaly Benchmark publishes of detectors, file by file: raw scores of the standard profile.

From results/numenta/numenta_standard_scores.csv and results/windowedGaussian/windowedGaussian_standard_scores.csv of
github.com/numenta/NAB (commits 0767135 and 487c0f9). Each detector's one threshold was chosen there by the labels of
the very files it is scored on, all 58 together; ours never saw a label.
"""

from __future__ import annotations

from collections.abc import Sequence

from anomaly.nab import Nab

# series: Numenta HTM, windowed Gaussian
RAW = {
    "realAWSCloudwatch/ec2_cpu_utilization_24ae8d.csv": (1.3860, -1.2667),
    "realAWSCloudwatch/ec2_cpu_utilization_53ea38.csv": (1.3044, -0.1414),
    "realAWSCloudwatch/ec2_cpu_utilization_5f5533.csv": (1.7160, -2.0000),
    "realAWSCloudwatch/ec2_cpu_utilization_77c1ca.csv": (0.8073, -1.0000),
    "realAWSCloudwatch/ec2_cpu_utilization_825cc2.csv": (0.9557, -1.0000),
    "realAWSCloudwatch/ec2_cpu_utilization_ac20cd.csv": (0.8757, 0.8607),
    "realAWSCloudwatch/ec2_cpu_utilization_c6585a.csv": (-0.4400, -1.3200),
    "realAWSCloudwatch/ec2_cpu_utilization_fe7f93.csv": (-1.1228, 0.6388),
    "realAWSCloudwatch/ec2_disk_write_bytes_1ef3de.csv": (0.8121, -4.1909),
    "realAWSCloudwatch/ec2_disk_write_bytes_c0d644.csv": (0.5007, -1.0960),
    "realAWSCloudwatch/ec2_network_in_257a54.csv": (0.8553, 0.8607),
    "realAWSCloudwatch/ec2_network_in_5abac7.csv": (-0.3197, -3.5219),
    "realAWSCloudwatch/elb_request_count_8c0756.csv": (1.7051, -0.1384),
    "realAWSCloudwatch/grok_asg_anomaly.csv": (2.0896, -1.2479),
    "realAWSCloudwatch/iio_us-east-1_i-a2eb1cd9_NetworkIn.csv": (-2.1100, -2.0000),
    "realAWSCloudwatch/rds_cpu_utilization_cc0c53.csv": (-0.1420, -0.1384),
    "realAWSCloudwatch/rds_cpu_utilization_e47b3b.csv": (1.7124, -0.1384),
    "realKnownCause/ambient_temperature_system_failure.csv": (1.3226, -2.0000),
    "realKnownCause/cpu_utilization_asg_misconfiguration.csv": (-0.5730, -1.1100),
    "realKnownCause/ec2_request_latency_system_failure.csv": (1.9854, -0.0659),
    "realKnownCause/machine_temperature_system_failure.csv": (2.8932, -4.0000),
}
DETECTORS = ("Numenta HTM*", "windowed Gaussian*")


def published(files: Sequence[tuple[str, int]]) -> dict[str, Nab]:
    """Each detector's points on these files, given as (folder/name, windows); empty where a file was not published."""
    if not files or any(name not in RAW for name, _ in files):
        return {}
    windows = sum(count for _, count in files)
    return {detector: Nab(sum(RAW[name][i] for name, _ in files), windows) for i, detector in enumerate(DETECTORS)}
