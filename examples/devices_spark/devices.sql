SELECT type, version, count(*) AS devices
FROM devices
GROUP BY ALL
