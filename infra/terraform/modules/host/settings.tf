# The operating system's settings, made by cloud-init at the first start. Nothing here is secret: whoever may look at the instance sees its user data.
locals {
  # The first three blocks as listed for the trial; the last has what else the distribution's own file, which these replace, takes care of.
  logrotate = <<-EOT
    /var/log/syslog
    /var/log/auth.log
    /var/log/kern.log
    /var/log/dmesg
    {
        weekly
        rotate 4
        compress
        delaycompress
        missingok
        notifempty
        sharedscripts
        postrotate
            /usr/lib/rsyslog/rsyslog-rotate
        endscript
    }
    /var/log/btmp
    {
        monthly
        rotate 1
        nocompress
        missingok
        create 0660 root utmp
    }
    /var/log/boot.log
    {
        daily
        rotate 7
        nocompress
        missingok
        copytruncate
    }
    /var/log/mail.log
    /var/log/mail.err
    /var/log/user.log
    /var/log/cron.log
    /var/log/kakehashi/services.log
    {
        weekly
        rotate 4
        compress
        delaycompress
        missingok
        notifempty
        sharedscripts
        postrotate
            /usr/lib/rsyslog/rsyslog-rotate
        endscript
    }
  EOT

  # What the CloudWatch agent reads: it knows files alone.
  rsyslog = <<-EOT
    cron.* /var/log/cron.log
    if $programname == ${jsonencode(concat(["kakehashi-pull"], var.programs))} then {
        action(type="omfile" file="/var/log/kakehashi/services.log" fileOwner="syslog" fileGroup="adm" dirOwner="syslog" dirGroup="adm" createDirs="on")
    }
  EOT

  settings = {
    timezone        = "Etc/UTC"
    locale          = "C.UTF-8"
    package_update  = true
    package_upgrade = true
    packages        = ["chrony", "clamav", "clamav-daemon", "clamav-freshclam", "logrotate", "rsyslog", "unattended-upgrades"]

    ntp = {
      enabled    = true
      ntp_client = "chrony"
      pools      = []
      servers    = ["169.254.169.123"]
    }

    # Nobody logs in with a password, nor as the image's user: Session Manager and, on hosts of the domains, the bastion's accounts.
    ssh_pwauth = false

    write_files = concat(
      [
        {
          path        = "/etc/logrotate.d/kakehashi-system"
          permissions = "0644"
          content     = local.logrotate
        },
        {
          path        = "/etc/rsyslog.d/40-kakehashi.conf"
          permissions = "0644"
          content     = local.rsyslog
        },
        {
          path        = "/etc/kakehashi/host"
          permissions = "0644"
          content     = "${var.host}\n"
        },
        {
          path        = "/etc/cron.d/kakehashi-scan"
          permissions = "0644"
          content     = "# Every night: what ClamAV finds goes to the system's log.\n17 18 * * * root nice -n 19 clamdscan --fdpass --multiscan --infected --no-summary / 2>&1 | logger -t clamav -p auth.warning\n"
        },
      ],
      var.publisher_public_key == "" ? [] : [
        {
          path        = "/etc/kakehashi/publisher.pem"
          permissions = "0644"
          content     = var.publisher_public_key
        },
      ],
    )

    # The distribution's own rotation of the same files would come in between; the firewall of the host stays off, security groups do it.
    runcmd = [
      ["rm", "-f", "/etc/logrotate.d/rsyslog", "/etc/logrotate.d/btmp", "/etc/logrotate.d/bootlog"],
      ["ufw", "disable"],
      ["systemctl", "restart", "rsyslog"],
      ["systemctl", "enable", "--now", "clamav-freshclam", "unattended-upgrades"],
    ]
  }

  user_data = "#cloud-config\n${yamlencode(local.settings)}"
}
