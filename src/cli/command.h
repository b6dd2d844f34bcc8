/* The subcommands. Each is one file cmd_NAME.c; main.c lists them. argv[0] is the subcommand's
 * name; the result is the exit status (cli/cli.h). */
#pragma once

int cmd_alerts(int argc, char **argv);
int cmd_audit(int argc, char **argv);
int cmd_backup(int argc, char **argv);
int cmd_bridge(int argc, char **argv);
int cmd_broadcast(int argc, char **argv);
int cmd_cohorts(int argc, char **argv);
int cmd_copy(int argc, char **argv);
int cmd_deliveries(int argc, char **argv);
int cmd_demo(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_email(int argc, char **argv);
int cmd_experiment(int argc, char **argv);
int cmd_funnel(int argc, char **argv);
int cmd_journeys(int argc, char **argv);
int cmd_keys(int argc, char **argv);
int cmd_metrics(int argc, char **argv);
int cmd_migrate(int argc, char **argv);
int cmd_nodes(int argc, char **argv);
int cmd_onboarding(int argc, char **argv);
int cmd_paths(int argc, char **argv);
int cmd_preflight(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_restore(int argc, char **argv);
int cmd_retention(int argc, char **argv);
int cmd_rollback(int argc, char **argv);
int cmd_rollout(int argc, char **argv);
int cmd_sending(int argc, char **argv);
int cmd_serve(int argc, char **argv);
int cmd_simulate(int argc, char **argv);
int cmd_telegram(int argc, char **argv);
int cmd_users(int argc, char **argv);
